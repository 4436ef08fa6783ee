namespace LoraOnnx.Serving.Batching;

/// <summary>
/// Texts in flight by what they are, so that identical ones are computed once. Thread-safe; its lock is taken before the queue's, never after.
/// </summary>
internal sealed class InFlightTexts(TokenQueue queue)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TextKey, PendingText> _texts = [];

    /// <summary>Joins an identical text that waits or runs, or returns null. Who joins leaves, too.</summary>
    public PendingText? TryJoin(TextKey key, long expiresAt)
    {
        lock (_lock)
        {
            if (!_texts.TryGetValue(key, out var pending))
            {
                return null;
            }

            if (!queue.TryExtend(pending, expiresAt))
            {
                _texts.Remove(key); // its time was over before this caller came
                return null;
            }

            pending.Waiters++;
            return pending;
        }
    }

    /// <summary>Lets others join. Of two identical texts that came at once both are computed.</summary>
    public void Add(TextKey key, PendingText pending)
    {
        lock (_lock)
        {
            _texts.TryAdd(key, pending);
        }
    }

    /// <summary>Nobody joins from now on: the text is answered, or its caller has given up.</summary>
    public void Forget(TextKey key, PendingText pending)
    {
        lock (_lock)
        {
            if (_texts.TryGetValue(key, out var current) && current == pending)
            {
                _texts.Remove(key);
            }
        }
    }

    /// <summary>A caller gives up; a text that nobody wants leaves the queue at once.</summary>
    public void Leave(TextKey? key, PendingText pending)
    {
        lock (_lock)
        {
            if (--pending.Waiters > 0)
            {
                return;
            }

            if (key is { } known && _texts.TryGetValue(known, out var current) && current == pending)
            {
                _texts.Remove(known);
            }

            queue.Drop(pending);
        }
    }
}
