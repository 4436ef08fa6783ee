namespace LoraOnnx.Serving.Admission;

/// <summary>What a model has to do, in tokens.</summary>
/// <param name="Queued">In the queue, of all calls.</param>
/// <param name="Running">In the engine.</param>
/// <param name="QueuedBulk">Of <paramref name="Queued"/>: of batches and streams.</param>
/// <param name="WaitingBulk">Of batches and streams that were let in: what has no place in the queue yet.</param>
internal readonly record struct TokenLoad(long Queued, long Running, long QueuedBulk, long WaitingBulk);

/// <summary>
/// Decides at once whether work is let in, by the tokens that wait and the deadlines of those who ask. Knows no lock: the queue asks under its own.
/// </summary>
internal sealed class TokenAdmission(EngineSpeed speed, QueueLimits limits, TimeProvider time)
{
    /// <summary>
    /// Batches and streams may have so many times the queue's tokens waiting: they are for who has time, and a queue of one latency target is short
    /// for them.
    /// </summary>
    public const int BulkQueues = 4;

    private static readonly TimeSpan _shortestRetry = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(10);

    /// <summary>Why one text has no place in the queue, or null.</summary>
    public Refusal? Single(TokenLoad load, long tokens, long expiresAt) =>
        // An empty queue takes any text, even one that is longer than a short latency target allows for.
        load.Queued > 0 && load.Queued + tokens > limits.Capacity(speed)
            ? new Refusal(RefusalReason.QueueFull, RetryAfter(load.Queued))
            : Deadline(load.Queued + load.Running / 2, speed.TimeOnOneWorker(tokens), expiresAt);

    /// <summary>
    /// Why a batch or stream is not let in, or null. One may be longer than the bound when no other waits: its texts take their places as there is
    /// room.
    /// </summary>
    public Refusal? Bulk(TokenLoad load, long tokens, int texts, long expiresAt)
    {
        var capacity = limits.Capacity(speed);
        var isFull = load.Queued > 0 && load.Queued + 1 > capacity;
        if (isFull || (load.WaitingBulk > 0 && load.WaitingBulk + tokens > BulkQueues * capacity))
        {
            return new Refusal(RefusalReason.QueueFull, RetryAfter(isFull ? load.Queued : load.Queued + load.WaitingBulk));
        }

        // One worker does a text, all together do the call.
        var longest = speed.TimeOnOneWorker(tokens / Math.Max(1, texts));
        var together = speed.TimeFor(tokens);
        return Deadline(load.Queued + load.WaitingBulk + load.Running / 2, longest > together ? longest : together, expiresAt);
    }

    /// <summary>
    /// Whether a text of bulk work may take its place in the queue: bulk may fill half of it, so that single calls find room; and a text longer than
    /// that takes its
    /// place when no other of its kind has one, so that it is not kept out by what is shorter.
    /// </summary>
    public bool HasRoomForBulk(TokenLoad load, long tokens) => load.QueuedBulk == 0 || load.QueuedBulk + tokens <= limits.Capacity(speed) / 2;

    private Refusal? Deadline(long tokensBefore, TimeSpan own, long expiresAt)
    {
        if (expiresAt == long.MaxValue)
        {
            return null;
        }

        var left = time.GetElapsedTime(time.GetTimestamp(), expiresAt);
        return left < own ? new Refusal(RefusalReason.DeadlinePassed)
            : left < speed.TimeFor(tokensBefore) + own ? new Refusal(RefusalReason.DeadlineTooShort, RetryAfter(tokensBefore))
            : null;
    }

    private TimeSpan RetryAfter(long tokens)
    {
        var wait = speed.TimeFor(tokens);
        return wait < _shortestRetry ? _shortestRetry : wait > _longestRetry ? _longestRetry : wait;
    }
}
