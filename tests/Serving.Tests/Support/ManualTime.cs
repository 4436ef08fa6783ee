namespace LoraOnnx.Serving.Tests.Support;

/// <summary>A clock that goes on only when told to.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

    public void GoOn(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    /// <summary>The time stamp that is so far ahead.</summary>
    public long In(TimeSpan time) => GetTimestamp() + time.Ticks;
}
