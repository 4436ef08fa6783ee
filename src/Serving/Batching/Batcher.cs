using LoraOnnx.Inference.Variants;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Telemetry;

namespace LoraOnnx.Serving.Batching;

/// <summary>Runs texts of a base and of any of its variants together: the logits of each.</summary>
internal delegate float[][] RunVariants(IReadOnlyList<VariantText> batch, CancellationToken cancellationToken);

/// <summary>
/// The threads that feed one model's engine. A batch leaves as soon as an engine slot is free: a lone text never waits for company,
/// and under load batches grow by themselves while the engine is busy.
/// </summary>
internal sealed class Batcher : IDisposable
{
    private readonly RunVariants _run;
    private readonly TokenQueue _queue;
    private readonly EngineSpeed _speed;
    private readonly SemaphoreSlim _slots;
    private readonly QueueLimits _limits;
    private readonly TimeProvider _time;
    private readonly ModelMetrics _metrics;
    private readonly Thread[] _workers;

    /// <param name="run">The engine.</param>
    /// <param name="queue">Where texts come from.</param>
    /// <param name="speed">Told of every batch.</param>
    /// <param name="slots">Engine slots, shared by all models so that they do not fight for cores.</param>
    /// <param name="limits">How much goes into a batch.</param>
    /// <param name="time">Clock.</param>
    /// <param name="metrics">Where batches are counted.</param>
    public Batcher(
        RunVariants run, TokenQueue queue, EngineSpeed speed, SemaphoreSlim slots, QueueLimits limits, TimeProvider time, ModelMetrics metrics)
    {
        _run = run;
        _queue = queue;
        _speed = speed;
        _slots = slots;
        _limits = limits;
        _time = time;
        _metrics = metrics;
        _workers = [.. Enumerable.Range(0, speed.Workers).Select(index => new Thread(Work) { Name = $"engine {index}", IsBackground = true })];
        foreach (var worker in _workers)
        {
            worker.Start();
        }
    }

    /// <summary>Refuses new texts, does those that wait, and ends the threads.</summary>
    public void Dispose()
    {
        _queue.Close();
        foreach (var worker in _workers)
        {
            worker.Join();
        }
    }

    private void Work()
    {
        var batch = new List<PendingText>();
        while (_queue.WaitForWork())
        {
            var wanted = _time.GetTimestamp();
            _slots.Wait();
            try
            {
                var budget = _limits.Budget(_speed);
                _queue.TakeBatch(batch, budget);
                if (batch.Count > 0)
                {
                    RunAndAnswer(batch, budget, wanted);
                    batch.Clear();
                }
            }
            finally
            {
                _slots.Release();
            }
        }
    }

    private void RunAndAnswer(List<PendingText> batch, int budget, long wanted)
    {
        var started = _time.GetTimestamp();
        if (RunOrNull(batch, out var failure) is { } logits)
        {
            Ran(batch.Count, batch.Sum(pending => pending.Tokens), budget, wanted, started);
            var next = 0;
            foreach (var pending in batch)
            {
                next = Answer(pending, logits, next, failure, started);
            }

            return;
        }

        // One text must not fail its neighbours: after a failed batch each is tried alone.
        foreach (var pending in batch)
        {
            var again = _time.GetTimestamp();
            var rows = batch.Count > 1 ? RunOrNull([pending], out failure) : null;
            if (rows is not null)
            {
                Ran(1, pending.Tokens, budget, again, again);
            }

            Answer(pending, rows, 0, failure, again);
        }
    }

    /// <summary>Only what the engine answered tells of its speed.</summary>
    private void Ran(int texts, int tokens, int budget, long wanted, long started)
    {
        var ended = _time.GetTimestamp();
        _speed.Measured(tokens, _time.GetElapsedTime(wanted, ended), budget);
        _metrics.BatchRan(texts, tokens, _time.GetElapsedTime(started, ended));
    }

    /// <summary>
    /// Answers a text, and what stands beside it, with the rows from <paramref name="next"/> on; returns where the next text's begin.
    /// </summary>
    private int Answer(PendingText pending, float[][]? rows, int next, string? failure, long started)
    {
        _queue.Finish(pending.Tokens);
        foreach (var asked in pending.All)
        {
            var (row, wrong) = (rows?[next++], failure);
            if (row is not null && !Array.TrueForAll(row, float.IsFinite))
            {
                (row, wrong) = (null, "the model gave logits that are not finite");
            }

            asked.Complete(new BatchedResult(row, row is null
                ? new Refusal(RefusalReason.EngineFailed, Detail: wrong)
                : null, started, _time.GetTimestamp()));
        }

        return next;
    }

    private float[][]? RunOrNull(IEnumerable<PendingText> texts, out string? failure)
    {
        failure = null;
        try
        {
            VariantText[] rows = [.. texts.SelectMany(text => text.All).Select(asked => new VariantText(asked.Encoded, asked.Variant))];
            return _run(rows, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // Whatever a native engine throws, the server and the other calls go on; the caller logs it.
            failure = $"{exception.GetType().Name}: {exception.Message}";
            return null;
        }
    }
}
