namespace LoraOnnx.Serving.Batching;

/// <summary>
/// A batch or stream that was let in: its tokens count as waiting until each of its texts has its place. Dispose at its end. Thread-safe.
/// </summary>
internal sealed class BulkEntry(TokenQueue queue, long tokens, int texts) : IDisposable
{
    private readonly long _share = tokens / Math.Max(1, texts);
    private long _left = tokens;

    /// <summary>One of its texts has a place, or needs none.</summary>
    public void Placed()
    {
        while (Interlocked.Read(ref _left) is > 0 and var left)
        {
            var share = Math.Min(left, Math.Max(1, _share));
            if (Interlocked.CompareExchange(ref _left, left - share, left) == left)
            {
                queue.LeaveBulk(share);
                return;
            }
        }
    }

    public void Dispose() => queue.LeaveBulk(Interlocked.Exchange(ref _left, 0));
}
