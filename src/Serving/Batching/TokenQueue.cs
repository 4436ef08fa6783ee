using LoraOnnx.Inference.Variants;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Admission;

namespace LoraOnnx.Serving.Batching;

/// <summary>
/// The texts that wait for one model, earliest deadline first, bounded in tokens; those of batches and streams take their places in the order in
/// which they came.
/// Drops the expired and the abandoned before they cost anything. Thread-safe.
/// </summary>
internal sealed class TokenQueue(TokenAdmission admission, QueueLimits limits, TimeProvider time)
{
    private readonly object _lock = new(); // a Monitor's: workers wait on it
    private readonly SortedSet<PendingText> _waiting = new(Comparer<PendingText>.Create((left, right) =>
        left.DueAt != right.DueAt ? left.DueAt.CompareTo(right.DueAt) : left.Sequence.CompareTo(right.Sequence)));

    private readonly LinkedList<BulkText> _bulk = []; // first come, first served
    private TokenLoad _load;
    private long _sequence;
    private bool _closed;

    /// <summary>Tokens that wait and run.</summary>
    public TokenLoad Load
    {
        get
        {
            lock (_lock)
            {
                return _load;
            }
        }
    }

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

    /// <summary>Whether a text of so many tokens would be refused now; cheap, and asked before the text is tokenised.</summary>
    public Refusal? Check(long tokens, long expiresAt)
    {
        lock (_lock)
        {
            return _closed ? new Refusal(RefusalReason.Closed) : admission.Single(_load, tokens, expiresAt);
        }
    }

    /// <summary>Puts a text in the queue. Exactly one of the two results is set.</summary>
    /// <param name="encoded">The text.</param>
    /// <param name="expiresAt">Time stamp after which nobody wants the answer.</param>
    /// <param name="variant">Which variant is asked.</param>
    /// <param name="beside">Further heads that read the same text.</param>
    public (PendingText? Pending, Refusal? Refusal) Enqueue(
        EncodedText encoded, long expiresAt, ModelVariant? variant = null, IReadOnlyList<PendingText>? beside = null)
    {
        lock (_lock)
        {
            return (_closed ? new Refusal(RefusalReason.Closed) : admission.Single(_load, encoded.Ids.Length, expiresAt)) is { } refusal
                ? (null, refusal)
                : (Add(encoded, expiresAt, isBulk: false, variant, beside), null);
        }
    }

    /// <summary>
    /// Lets a batch or stream of about so many tokens in, or refuses it at once. What is let in counts until <see cref="LeaveBulk"/>.
    /// </summary>
    public Refusal? EnterBulk(long tokens, int texts, long expiresAt)
    {
        lock (_lock)
        {
            if ((_closed ? new Refusal(RefusalReason.Closed) : admission.Bulk(_load, tokens, texts, expiresAt)) is { } refusal)
            {
                return refusal;
            }

            LeaveBulk(-tokens);
            return null;
        }
    }

    /// <summary>Counts tokens of a stream that was let in as waiting, until <see cref="LeaveBulk"/>.</summary>
    public void JoinBulk(long tokens) => LeaveBulk(-tokens);

    /// <summary>So many tokens that were let in have their places in the queue, or have given up.</summary>
    public void LeaveBulk(long tokens)
    {
        lock (_lock)
        {
            _load = _load with { WaitingBulk = _load.WaitingBulk - tokens };
        }
    }

    /// <summary>
    /// Puts a text of a batch or stream that was let in into the queue, once there is room for it and those that came before have their places.
    /// </summary>
    public ValueTask<(PendingText? Pending, Refusal? Refusal)> EnqueueBulkAsync(
        EncodedText encoded, long expiresAt, CancellationToken cancellationToken, ModelVariant? variant = null)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return ValueTask.FromResult<(PendingText?, Refusal?)>((null, new Refusal(RefusalReason.Closed)));
            }

            if (_bulk.Count == 0 && admission.HasRoomForBulk(_load, encoded.Ids.Length))
            {
                return ValueTask.FromResult<(PendingText?, Refusal?)>((Add(encoded, expiresAt, isBulk: true, variant), null));
            }

            return new(WaitAsync(_bulk.AddLast(new BulkText(encoded, expiresAt, variant)), cancellationToken));
        }
    }

    /// <summary>Another caller wants the answer, too; false when the text was dropped.</summary>
    public bool TryExtend(PendingText pending, long expiresAt)
    {
        lock (_lock)
        {
            if (pending.State == PendingState.Dropped)
            {
                return false;
            }

            pending.ExpiresAt = Math.Max(pending.ExpiresAt, expiresAt);
            var dueAt = DueAt(expiresAt);
            if (pending.State == PendingState.Queued && dueAt < pending.DueAt)
            {
                _waiting.Remove(pending);
                pending.DueAt = dueAt;
                _waiting.Add(pending);
            }

            return true;
        }
    }

    /// <summary>Takes a text that nobody wants out of the queue; one that runs goes on.</summary>
    public void Drop(PendingText pending)
    {
        lock (_lock)
        {
            if (pending.State == PendingState.Queued)
            {
                Remove(pending, PendingState.Dropped);
                PlaceBulk();
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
                    Remove(next, PendingState.Dropped);
                    foreach (var asked in next.All)
                    {
                        asked.Complete(new BatchedResult(null, new Refusal(RefusalReason.DeadlinePassed), now, now));
                    }

                    continue;
                }

                if (batch.Count > 0 && tokens + next.Tokens > budget)
                {
                    break;
                }

                Remove(next, PendingState.Taken);
                tokens += next.Tokens;
                batch.Add(next);
            }

            _load = _load with { Running = _load.Running + tokens };
            PlaceBulk();
        }
    }

    /// <summary>So many tokens of a batch are done.</summary>
    public void Finish(long tokens)
    {
        lock (_lock)
        {
            _load = _load with { Running = _load.Running - tokens };
        }
    }

    /// <summary>Refuses what comes from now on, and what has no place yet; what waits is still done.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            while (_bulk.First is { } first)
            {
                _bulk.RemoveFirst();
                first.Value.Placed.TrySetResult((null, new Refusal(RefusalReason.Closed)));
            }

            Monitor.PulseAll(_lock);
        }
    }

    private async Task<(PendingText? Pending, Refusal? Refusal)> WaitAsync(LinkedListNode<BulkText> text, CancellationToken cancellationToken)
    {
        using var given = cancellationToken.UnsafeRegister(_ => GiveUp(text, cancellationToken), null);
        return await text.Value.Placed.Task;
    }

    private void GiveUp(LinkedListNode<BulkText> text, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (text.List is not null)
            {
                _bulk.Remove(text);
                text.Value.Placed.TrySetCanceled(cancellationToken);
                PlaceBulk(); // it may have been the one that the others waited behind
            }
        }
    }

    private void PlaceBulk()
    {
        while (_bulk.First is { } first)
        {
            var text = first.Value;
            if (text.ExpiresAt <= time.GetTimestamp())
            {
                text.Placed.TrySetResult((null, new Refusal(RefusalReason.DeadlinePassed)));
            }
            else if (admission.HasRoomForBulk(_load, text.Encoded.Ids.Length))
            {
                text.Placed.TrySetResult((Add(text.Encoded, text.ExpiresAt, isBulk: true, text.Variant), null));
            }
            else
            {
                return;
            }

            _bulk.RemoveFirst();
        }
    }

    private PendingText Add(
        EncodedText encoded, long expiresAt, bool isBulk, ModelVariant? variant, IReadOnlyList<PendingText>? beside = null)
    {
        var pending = new PendingText(encoded, _sequence++, time.GetTimestamp(), isBulk)
        {
            DueAt = DueAt(expiresAt),
            ExpiresAt = expiresAt,
            Variant = variant,
            Beside = beside ?? [],
        };
        _waiting.Add(pending);
        Count(pending, 1);
        Monitor.Pulse(_lock);
        return pending;
    }

    private void Remove(PendingText pending, PendingState state)
    {
        _waiting.Remove(pending);
        pending.State = state;
        Count(pending, -1);
    }

    private void Count(PendingText pending, int sign) => _load = _load with
    {
        Queued = _load.Queued + sign * pending.Tokens,
        QueuedBulk = _load.QueuedBulk + (pending.IsBulk ? sign * pending.Tokens : 0),
    };

    /// <summary>Calls without a deadline count as due in twice the latency target, so that they age and are never passed over for long.</summary>
    private long DueAt(long expiresAt) =>
        Math.Min(expiresAt, time.GetTimestamp() + (long)(2 * limits.LatencyTarget.TotalSeconds * time.TimestampFrequency));

    /// <summary>A text that waits for its place.</summary>
    private sealed class BulkText(EncodedText encoded, long expiresAt, ModelVariant? variant)
    {
        public ModelVariant? Variant { get; } = variant;

        public EncodedText Encoded { get; } = encoded;

        public long ExpiresAt { get; } = expiresAt;

        public TaskCompletionSource<(PendingText? Pending, Refusal? Refusal)> Placed { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
