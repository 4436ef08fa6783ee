using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Serving.Batching;

/// <summary>
/// The texts that wait for one model, earliest deadline first, bounded in tokens. Decides at once who may wait; joins identical texts;
/// drops the expired and the abandoned before they cost anything. Thread-safe.
/// </summary>
internal sealed class TokenQueue(EngineSpeed speed, QueueLimits limits, TimeProvider time)
{
    private static readonly TimeSpan _shortestRetry = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(10);

    private readonly object _lock = new();
    private readonly SortedSet<PendingText> _waiting = new(Comparer<PendingText>.Create((left, right) =>
        left.DueAt != right.DueAt ? left.DueAt.CompareTo(right.DueAt) : left.Sequence.CompareTo(right.Sequence)));

    private readonly Dictionary<TextKey, PendingText> _inFlight = [];
    private TaskCompletionSource? _room; // set while a bulk caller waits for room
    private long _sequence;
    private long _queuedTokens;
    private long _runningTokens;
    private bool _closed;

    /// <summary>Tokens that wait.</summary>
    public long QueuedTokens => Volatile.Read(ref _queuedTokens);

    /// <summary>Texts that wait.</summary>
    public int QueuedTexts
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Joins an identical text that waits or runs, or returns null.</summary>
    public PendingText? TryJoin(TextKey key, long expiresAt)
    {
        lock (_lock)
        {
            return Join(key, expiresAt);
        }
    }

    /// <summary>Whether work of so many tokens would be refused now; cheap, and asked before the text is tokenised.</summary>
    public Refusal? Check(long tokens, long expiresAt)
    {
        lock (_lock)
        {
            return RefusalFor(tokens, expiresAt, limits.Capacity(speed));
        }
    }

    /// <summary>Whether a batch call or stream of about so many tokens would be refused now. It may be longer than the queue: its texts wait for room.</summary>
    public Refusal? CheckBulk(long tokens, long expiresAt)
    {
        lock (_lock)
        {
            return RefusalFor(1, long.MaxValue, limits.Capacity(speed)) ?? DeadlineRefusalFor(tokens, expiresAt);
        }
    }

    /// <summary>Puts a text in the queue or joins an identical one. Exactly one of the two results is set.</summary>
    public (PendingText? Pending, Refusal? Refusal) Enqueue(TextKey? key, EncodedText encoded, long expiresAt)
    {
        lock (_lock)
        {
            if (key is { } known && Join(known, expiresAt) is { } joined)
            {
                return (joined, null);
            }

            return RefusalFor(encoded.Ids.Length, expiresAt, limits.Capacity(speed)) is { } refusal
                ? (null, refusal)
                : (Add(key, encoded, expiresAt), null);
        }
    }

    /// <summary>
    /// Puts a text of a batch call or stream that was let in: waits while the bulk half of the queue is full, so that single calls always find room.
    /// </summary>
    public async ValueTask<(PendingText? Pending, Refusal? Refusal)> EnqueueBulkAsync(TextKey? key, EncodedText encoded, long expiresAt, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (key is { } known && Join(known, expiresAt) is { } joined)
                {
                    return (joined, null);
                }

                var refusal = RefusalFor(encoded.Ids.Length, expiresAt, limits.Capacity(speed) / 2);
                if (refusal is null)
                {
                    return (Add(key, encoded, expiresAt), null);
                }

                if (refusal.Reason != RefusalReason.QueueFull)
                {
                    return (null, refusal);
                }

                room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A caller gives up; a text that nobody wants leaves the queue at once.</summary>
    public void Leave(PendingText pending)
    {
        lock (_lock)
        {
            if (--pending.Waiters == 0 && pending.Queued)
            {
                Remove(pending);
                Forget(pending);
            }
        }
    }

    /// <summary>Blocks until there is a text or the queue is closed and empty; false then.</summary>
    public bool WaitForWork()
    {
        lock (_lock)
        {
            while (_waiting.Count == 0)
            {
                if (_closed)
                {
                    return false;
                }

                Monitor.Wait(_lock);
            }

            return true;
        }
    }

    /// <summary>Moves the most urgent texts into a batch of at most so many tokens, dropping those whose time is over. May come back empty.</summary>
    public void TakeBatch(List<PendingText> batch, int budget)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var tokens = 0;
            while (_waiting.Min is { } next)
            {
                if (next.ExpiresAt <= now)
                {
                    Remove(next);
                    Forget(next);
                    next.Complete(new BatchedResult(null, time.GetElapsedTime(next.EnqueuedAt, now), TimeSpan.Zero, new Refusal(RefusalReason.DeadlinePassed)));
                    continue;
                }

                if (batch.Count > 0 && tokens + next.Tokens > budget)
                {
                    break;
                }

                Remove(next);
                tokens += next.Tokens;
                batch.Add(next);
            }

            _runningTokens += tokens;
        }
    }

    /// <summary>A batch is done: identical texts that arrive from now on are new work.</summary>
    public void Finish(List<PendingText> batch)
    {
        lock (_lock)
        {
            foreach (var pending in batch)
            {
                _runningTokens -= pending.Tokens;
                Forget(pending);
            }
        }
    }

    /// <summary>Refuses what comes from now on; what waits is still done.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.PulseAll(_lock);
            SignalRoom();
        }
    }

    private PendingText? Join(TextKey key, long expiresAt)
    {
        if (!_inFlight.TryGetValue(key, out var pending))
        {
            return null;
        }

        pending.Waiters++;
        pending.ExpiresAt = Math.Max(pending.ExpiresAt, expiresAt);
        var dueAt = DueAt(expiresAt);
        if (pending.Queued && dueAt < pending.DueAt)
        {
            _waiting.Remove(pending);
            pending.DueAt = dueAt;
            _waiting.Add(pending);
        }

        return pending;
    }

    private PendingText Add(TextKey? key, EncodedText encoded, long expiresAt)
    {
        var pending = new PendingText(key, encoded, _sequence++, time.GetTimestamp()) { DueAt = DueAt(expiresAt), ExpiresAt = expiresAt, Queued = true };
        _waiting.Add(pending);
        _queuedTokens += pending.Tokens;
        if (key is { } known)
        {
            _inFlight[known] = pending;
        }

        Monitor.Pulse(_lock);
        return pending;
    }

    private void Remove(PendingText pending)
    {
        _waiting.Remove(pending);
        pending.Queued = false;
        _queuedTokens -= pending.Tokens;
        SignalRoom();
    }

    private void Forget(PendingText pending)
    {
        if (pending.Key is { } key && _inFlight.TryGetValue(key, out var current) && current == pending)
        {
            _inFlight.Remove(key);
        }
    }

    private Refusal? RefusalFor(long tokens, long expiresAt, long capacity)
    {
        if (_closed)
        {
            return new Refusal(RefusalReason.Closed);
        }

        // An empty queue takes any text, even one that is longer than a short latency target allows for.
        if (_queuedTokens > 0 && _queuedTokens + tokens > capacity)
        {
            return new Refusal(RefusalReason.QueueFull, RetryAfter());
        }

        return DeadlineRefusalFor(tokens, expiresAt);
    }

    private Refusal? DeadlineRefusalFor(long tokens, long expiresAt)
    {
        if (expiresAt == long.MaxValue)
        {
            return null;
        }

        var left = time.GetElapsedTime(time.GetTimestamp(), expiresAt);
        var own = speed.TimeFor(tokens);
        if (left < own)
        {
            return new Refusal(RefusalReason.DeadlinePassed);
        }

        // Half of what is running is still to do, on average.
        return left < speed.TimeFor(_queuedTokens + _runningTokens / 2) + own ? new Refusal(RefusalReason.DeadlineTooShort, RetryAfter()) : null;
    }

    private TimeSpan RetryAfter()
    {
        var wait = speed.TimeFor(_queuedTokens);
        return wait < _shortestRetry ? _shortestRetry : wait > _longestRetry ? _longestRetry : wait;
    }

    /// <summary>Calls without a deadline count as due in twice the latency target, so that they age and are never passed over for long.</summary>
    private long DueAt(long expiresAt) =>
        Math.Min(expiresAt, time.GetTimestamp() + (long)(2 * limits.LatencyTarget.TotalSeconds * time.TimestampFrequency));

    private void SignalRoom()
    {
        _room?.SetResult();
        _room = null;
    }
}
