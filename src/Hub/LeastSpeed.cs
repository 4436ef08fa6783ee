namespace LoraOnnx.Hub;

/// <summary>What a connection must bring in each minute to be kept: a modem's speed. One that brings a byte now and then would go on for
/// ever.</summary>
internal sealed class LeastSpeed(TimeProvider clock, long position)
{
    /// <summary>Bytes that must arrive in a <see cref="Window"/>.</summary>
    public const int Bytes = 1 << 16;

    /// <summary>How long a slow connection is watched before it is given up.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private long _start = clock.GetTimestamp();
    private long _from = position;

    /// <summary>Null, or what is wrong with a connection that has come to this byte of the file.</summary>
    public string? Reached(long position)
    {
        if (clock.GetElapsedTime(_start) <= Window)
        {
            return null;
        }

        var arrived = position - _from;
        (_start, _from) = (clock.GetTimestamp(), position);
        return arrived >= Bytes ? null : $"only {arrived} bytes arrive a minute.";
    }
}
