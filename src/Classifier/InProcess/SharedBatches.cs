using System.Runtime.InteropServices;
using LoraOnnx.Inference;

namespace LoraOnnx;

/// <summary>Answers texts together, each at its place.</summary>
internal delegate void RunIds(ReadOnlySpan<ReadOnlyMemory<int>> batch, TextLogits logits, CancellationToken cancellationToken);

/// <summary>
/// Callers' texts, run together. A text that finds the engine free runs at once, alone; those that come meanwhile wait and are the next batch, in the
/// order in which they came. There is no timer and no thread of its own: whoever finds the engine free sends a pool thread. Nothing is allocated for
/// a text but its answer. Thread-safe.
/// </summary>
internal sealed class SharedBatches(
    EncodeText encode, RunIds run, Func<WaitingText, TextClassification> read, TextClassifierOptions options, ClassifierMetrics metrics)
    : IThreadPoolWorkItem, IDisposable
{
    /// <summary>Objects kept for later texts: more than wait at a time in most programs; they take about 1 kB each.</summary>
    private const int MostSpare = 4096;

    private readonly Lock _lock = new();
    private readonly Queue<WaitingText> _waiting = new();
    private readonly Stack<WaitingText> _spare = new();
    private readonly ManualResetEventSlim _idle = new(initialState: true);
    private readonly List<WaitingText> _batch = []; // of the one pool thread that runs the engine, as the next two
    private readonly List<ReadOnlyMemory<int>> _ids = [];
    private readonly TextLogits _logits = new();
    private bool _isClosed;

    /// <summary>The answer of a text; to be awaited once.</summary>
    /// <exception cref="TextClassificationException">Too many texts wait, or, later, the engine failed on this one.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is gone.</exception>
    public ValueTask<TextClassification> RunAsync(string text, CancellationToken cancellationToken)
    {
        WaitingText? waiting;
        lock (_lock)
        {
            _spare.TryPop(out waiting);
        }

        waiting ??= new WaitingText(this);
        waiting.Begin(encode, text);
        Enqueue(waiting);
        waiting.Watch(cancellationToken);
        return waiting.Task;
    }

    /// <summary>Makes the answer of a text from its logits.</summary>
    public TextClassification Read(WaitingText text) => read(text);

    /// <summary>Keeps an object that nobody holds for a later text.</summary>
    public void GiveBack(WaitingText text)
    {
        lock (_lock)
        {
            if (_spare.Count < MostSpare)
            {
                _spare.Push(text);
            }
        }
    }

    /// <summary>Batches until nothing waits.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        while (TakeBatch())
        {
            Answer();
            foreach (var waiting in _batch)
            {
                waiting.Release();
            }

            _batch.Clear();
        }
    }

    /// <summary>Takes no more texts, and returns when those taken are answered.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        _idle.Wait();
        _idle.Dispose();
    }

    private void Enqueue(WaitingText text)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(TextClassifier));
            if (_waiting.Count >= options.QueueTexts)
            {
                throw new TextClassificationException($"{_waiting.Count} texts wait already, as many as may.");
            }

            _waiting.Enqueue(text);
            if (!_idle.IsSet)
            {
                return;
            }

            _idle.Reset();
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>The texts that waited longest, up to the limit of tokens, at least one; false, and the engine is free, when none waits.</summary>
    private bool TakeBatch()
    {
        lock (_lock)
        {
            var tokens = 0;
            while (_waiting.TryPeek(out var next) && (_batch.Count == 0 || tokens + next.Ids.Length <= options.BatchTokens))
            {
                _waiting.Dequeue();
                if (next.IsGivenUp)
                {
                    next.Release();
                    continue;
                }

                tokens += next.Ids.Length;
                _batch.Add(next);
            }

            var isAny = _batch.Count > 0; // the last look at it: the next thread may begin
            if (!isAny)
            {
                _idle.Set();
            }

            return isAny;
        }
    }

    private void Answer()
    {
        var batch = CollectionsMarshal.AsSpan(_batch);
        if (TryRun(batch, out var failure))
        {
            for (var i = 0; i < batch.Length; i++)
            {
                Answer(batch[i], _logits[i]);
            }

            return;
        }

        // One text must not fail its neighbours: after a failed batch each is tried alone.
        for (var i = 0; i < batch.Length; i++)
        {
            if (batch.Length > 1 && TryRun(batch.Slice(i, 1), out failure))
            {
                Answer(batch[i], _logits[0]);
            }
            else
            {
                batch[i].Fail(new TextClassificationException($"the model failed on a text: {failure!.Message}", failure)); // null: it ran
            }
        }
    }

    private static void Answer(WaitingText waiting, ReadOnlySpan<float> logits)
    {
        foreach (var logit in logits)
        {
            if (!float.IsFinite(logit))
            {
                waiting.Fail(new TextClassificationException("the model gave logits that are not finite."));
                return;
            }
        }

        waiting.Answer(logits);
    }

    private bool TryRun(ReadOnlySpan<WaitingText> texts, out Exception? failure)
    {
        failure = null;
        _ids.Clear();
        foreach (var text in texts)
        {
            _ids.Add(text.Ids);
        }

        var started = TimeProvider.System.GetTimestamp();
        try
        {
            run(CollectionsMarshal.AsSpan(_ids), _logits, CancellationToken.None);
            metrics.BatchRan(texts, TimeProvider.System.GetElapsedTime(started));
            return true;
        }
        catch (Exception thrown)
        {
            // Whatever a native engine throws belongs to the callers of these texts; the others go on.
            failure = thrown;
            return false;
        }
    }
}
