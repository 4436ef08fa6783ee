namespace LoraOnnx.Serving.Admission;

/// <summary>How many tokens a second the engine does, measured at warm-up and kept up to date from its batches. Thread-safe.</summary>
/// <remarks>
/// Batches much smaller than the budget are left out: their fixed cost would make the engine look slower than it is when there is work to do.
/// The time counts from when a worker wanted the engine, so models that share it see the share they get.
/// </remarks>
internal sealed class EngineSpeed(double tokensPerSecondOfOneWorker, int workers)
{
    /// <summary>Weight of the newest batch: about ten batches until a change of load is seen in full.</summary>
    private const double Newest = 0.2;

    private double _secondsPerToken = 1 / tokensPerSecondOfOneWorker;

    public int Workers { get; } = workers;

    /// <summary>All workers together.</summary>
    public double TokensPerSecond => Workers / Volatile.Read(ref _secondsPerToken);

    /// <summary>Time that a number of tokens takes all workers.</summary>
    public TimeSpan TimeFor(long tokens) => TimeSpan.FromSeconds(tokens / TokensPerSecond);

    /// <summary>Time that a text of so many tokens takes: one worker does it, however many there are.</summary>
    public TimeSpan TimeOnOneWorker(long tokens) => TimeSpan.FromSeconds(tokens * Volatile.Read(ref _secondsPerToken));

    /// <summary>Told of a batch that the engine answered.</summary>
    public void Measured(int tokens, TimeSpan elapsed, int budget)
    {
        if (tokens * 2 < budget || elapsed <= TimeSpan.Zero)
        {
            return;
        }

        var measured = elapsed.TotalSeconds / tokens;
        double before;
        do
        {
            before = Volatile.Read(ref _secondsPerToken);
        }
        while (Interlocked.CompareExchange(ref _secondsPerToken, before + Newest * (measured - before), before) != before);
    }
}
