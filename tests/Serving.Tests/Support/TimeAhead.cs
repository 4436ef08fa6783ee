namespace LoraOnnx.Serving.Tests.Support;

/// <summary>The system's clock, but time stamps go ahead when told to; the time of day and timers are the system's own.</summary>
internal sealed class TimeAhead : TimeProvider
{
    private long _ahead;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + Interlocked.Read(ref _ahead);

    public void GoOn(TimeSpan time) => Interlocked.Add(ref _ahead, time.Ticks);
}
