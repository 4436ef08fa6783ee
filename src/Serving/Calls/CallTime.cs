namespace LoraOnnx.Serving.Calls;

/// <summary>
/// The time that a caller allows: its token is cancelled when it is over, or when the caller is gone. Costs nothing where there is no deadline.
/// </summary>
internal readonly struct CallTime : IDisposable
{
    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);

    private readonly CancellationTokenSource? _over;
    private readonly CancellationToken _caller;

    public CallTime(long expiresAt, TimeProvider time, CancellationToken caller)
    {
        _caller = caller;
        if (expiresAt != long.MaxValue)
        {
            var left = time.GetElapsedTime(time.GetTimestamp(), expiresAt);
            _over = CancellationTokenSource.CreateLinkedTokenSource(caller);
            _over.CancelAfter(left < TimeSpan.Zero ? TimeSpan.Zero : left);
        }
    }

    public CancellationToken Token => _over?.Token ?? _caller;

    /// <summary>Whether the time was over while the caller still waited.</summary>
    public bool IsOver => _over is not null && _over.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>The time stamp that is so far ahead; more than a day is no deadline.</summary>
    public static long In(TimeSpan left, TimeProvider time) =>
        left > _longest ? long.MaxValue : time.GetTimestamp() + (long)(left.TotalSeconds * time.TimestampFrequency);

    public void Dispose() => _over?.Dispose();
}
