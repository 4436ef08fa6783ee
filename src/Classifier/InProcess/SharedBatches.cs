using LoraOnnx.Inference;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx;

/// <summary>
/// Callers' texts, run together. A text that finds the engine free runs at once, alone; those that come meanwhile wait and are the next batch, in the
/// order in which they came. There is no timer and no thread of its own: whoever finds the engine free sends a pool thread. Thread-safe.
/// </summary>
internal sealed class SharedBatches(RunTexts run, TextClassifierOptions options, ClassifierMetrics metrics) : IThreadPoolWorkItem, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<WaitingText> _waiting = new();
    private readonly ManualResetEventSlim _idle = new(initialState: true);
    private bool _isClosed;

    /// <summary>Logits of a text.</summary>
    /// <exception cref="TextClassificationException">Too many texts wait, or the engine failed on this one.</exception>
    /// <exception cref="ObjectDisposedException">The classifier is gone.</exception>
    public async Task<float[]> RunAsync(EncodedText text, CancellationToken cancellationToken)
    {
        var waiting = new WaitingText(text);
        Enqueue(waiting);
        await using var given = cancellationToken.UnsafeRegister(
            static (state, token) => ((WaitingText)state!).TrySetCanceled(token), waiting).ConfigureAwait(false);
        return await waiting.Task.ConfigureAwait(false);
    }

    /// <summary>Batches until nothing waits.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        var batch = new List<WaitingText>();
        while (TakeBatch(batch))
        {
            Answer(batch);
            batch.Clear();
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
    private bool TakeBatch(List<WaitingText> batch)
    {
        lock (_lock)
        {
            var tokens = 0;
            while (_waiting.TryPeek(out var next) && (batch.Count == 0 || tokens + next.Text.Ids.Length <= options.BatchTokens))
            {
                _waiting.Dequeue();
                if (!next.Task.IsCompleted)
                {
                    tokens += next.Text.Ids.Length;
                    batch.Add(next);
                }
            }

            if (batch.Count == 0)
            {
                _idle.Set();
            }

            return batch.Count > 0;
        }
    }

    private void Answer(List<WaitingText> batch)
    {
        if (RunOrNull([.. batch.Select(waiting => waiting.Text)], out var failure) is { } logits)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                Answer(batch[i], logits[i], failure);
            }

            return;
        }

        // One text must not fail its neighbours: after a failed batch each is tried alone.
        foreach (var waiting in batch)
        {
            Answer(waiting, batch.Count > 1 ? RunOrNull([waiting.Text], out failure)?[0] : null, failure);
        }
    }

    private static void Answer(WaitingText waiting, float[]? logits, Exception? failure)
    {
        if (logits is null)
        {
            waiting.TrySetException(new TextClassificationException($"the model failed on a text: {failure!.Message}", failure)); // null: it failed
        }
        else if (!Array.TrueForAll(logits, float.IsFinite))
        {
            waiting.TrySetException(new TextClassificationException("the model gave logits that are not finite."));
        }
        else
        {
            waiting.TrySetResult(logits);
        }
    }

    private float[][]? RunOrNull(EncodedText[] texts, out Exception? failure)
    {
        failure = null;
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            var logits = run(texts, CancellationToken.None);
            metrics.BatchRan(texts, TimeProvider.System.GetElapsedTime(started));
            return logits;
        }
        catch (Exception thrown)
        {
            // Whatever a native engine throws belongs to the callers of these texts; the others go on.
            failure = thrown;
            return null;
        }
    }
}
