namespace LoraOnnx.Serving.Admission;

/// <summary>How much a model's queue may hold and how much goes into a batch.</summary>
internal sealed record QueueLimits
{
    /// <summary>Accepted calls should be answered within this time; about twice of it is the promise at any load.</summary>
    public required TimeSpan LatencyTarget { get; init; }

    /// <summary>
    /// Most tokens in one batch, a single longer text still goes alone; 0: <see cref="TunedBatchTokens"/> at the engine's present speed.
    /// </summary>
    public int BatchTokens { get; init; }

    /// <summary>Most tokens in the queue; 0: what the engine does in the latency target at its present speed.</summary>
    public int QueueTokens { get; init; }

    /// <summary>
    /// Most tokens in the next batch. It follows the speed, because a warm-up on a busy machine says little of the machine at rest.
    /// </summary>
    public int Budget(EngineSpeed speed) => BatchTokens > 0 ? BatchTokens : TunedBatchTokens(LatencyTarget, speed.TokensPerSecond / speed.Workers);

    /// <summary>Tokens that may wait now.</summary>
    public long Capacity(EngineSpeed speed) =>
        QueueTokens > 0 ? QueueTokens : Math.Max(2, (long)(LatencyTarget.TotalSeconds * speed.TokensPerSecond));

    /// <summary>
    /// A batch may take a quarter of the latency target on one worker, so that waiting (at most the target), the batch that is running and the
    /// batch of one's own stay within twice the target. Packed batches gain nothing from more than a few thousand tokens.
    /// </summary>
    public static int TunedBatchTokens(TimeSpan latencyTarget, double tokensPerSecondOfOneWorker) =>
        (int)Math.Clamp(latencyTarget.TotalSeconds / 4 * tokensPerSecondOfOneWorker, 64, 8192);
}
