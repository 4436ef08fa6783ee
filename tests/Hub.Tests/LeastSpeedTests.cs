namespace LoraOnnx.Hub.Tests;

/// <summary>A connection that brings little is given up after a minute, one that brings enough is kept however long it takes.</summary>
public sealed class LeastSpeedTests
{
    private readonly HandClock _clock = new();

    [Fact]
    public void A_connection_with_64_KiB_in_every_minute_is_kept_for_hours()
    {
        var speed = new LeastSpeed(_clock, 1000);

        Assert.All(Enumerable.Range(1, 300), minute => Assert.Null(ReachedAfterAMinute(speed, 1000 + ((long)minute * LeastSpeed.Bytes))));
    }

    [Fact]
    public void One_that_brings_a_byte_less_is_given_up_after_the_first_such_minute()
    {
        var speed = new LeastSpeed(_clock, 1000);
        Assert.Null(speed.Reached(1001)); // within the minute
        Assert.Null(ReachedAfterAMinute(speed, 5_000_000)); // what came before does not count for the next minute

        Assert.Equal("only 65535 bytes arrive a minute.", ReachedAfterAMinute(speed, 5_000_000 + LeastSpeed.Bytes - 1));
    }

    private string? ReachedAfterAMinute(LeastSpeed speed, long position)
    {
        _clock.Now += LeastSpeed.Window + TimeSpan.FromMilliseconds(1);
        return speed.Reached(position);
    }

    private sealed class HandClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
