using System.Diagnostics;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>
/// Time since it was made: on several threads by the wall, on one thread the processor time of this process, which other programs on the machine
/// disturb least.
/// </summary>
internal sealed class BusyClock
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly TimeSpan _busy = Environment.CpuUsage.TotalTime;

    /// <summary>Threads that everything measured here uses.</summary>
    public static int Threads { get; set; } = Environment.ProcessorCount;

    public double Seconds => Threads == 1 ? (Environment.CpuUsage.TotalTime - _busy).TotalSeconds : Stopwatch.GetElapsedTime(_started).TotalSeconds;
}
