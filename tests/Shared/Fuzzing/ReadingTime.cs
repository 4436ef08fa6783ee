using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LoraOnnx.Tests.Fuzzing;

/// <summary>
/// Fuzz for time: what a reader takes of the processor for a file made to be slow, of 1 MiB and of 2. No reader takes more than a second a MiB, nor
/// more than three times as long for twice the size, where a quadratic one takes four. The time is that of this thread alone, which other programs
/// cannot lengthen but by taking the caches.
/// </summary>
internal static partial class ReadingTime
{
    /// <summary>Below this the ratio is of caches and collections. A reader that is quadratic and stays below it at 2 MiB still keeps to a second a
    /// MiB in 16 MiB, the largest file that is read whole.</summary>
    private static readonly TimeSpan _noise = TimeSpan.FromMilliseconds(250);

    /// <summary>What shares the caches makes a pair of times wrong now and then; a reader that is too slow is too slow in every round.</summary>
    private const int Rounds = 10;

    /// <summary>Reads what <paramref name="make"/> gives for a size in bytes; an error of ours is an answer too, where it is short.</summary>
    public static void Check<T>(string attack, Func<int, T> make, Action<T> read)
    {
        const int Half = 1 << 20;
        Try(read, make(1 << 12)); // compiled and warm
        var (small, large) = (make(Half), make(2 * Half));
        var (half, whole) = (TimeSpan.Zero, TimeSpan.MaxValue);
        for (var round = 0; round < Rounds && !Holds(half, whole); round++)
        {
            (half, whole) = (Least(read, small), Least(read, large));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{attack}: 1 MiB {half.TotalMilliseconds:F0} ms, 2 MiB {whole.TotalMilliseconds:F0} ms");
        Assert.True(Holds(half, whole), $"1 MiB takes {half.TotalMilliseconds:F0} ms of the processor, 2 MiB {whole.TotalMilliseconds:F0} ms.");
    }

    private static bool Holds(TimeSpan half, TimeSpan whole) =>
        whole < TimeSpan.FromSeconds(2) && (whole <= _noise || whole <= 3 * half);

    public static string Many(string item, int count, string between = ",") => string.Join(between, Enumerable.Repeat(item, Math.Max(1, count)));

    /// <summary>Items with their number in the place of <c>{0}</c>.</summary>
    public static string Numbered(int count, string format, string between = ",") =>
        string.Join(between, Enumerable.Range(0, Math.Max(1, count))
            .Select(number => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, number)));

    /// <summary>The least of three times: the first pays for memory.</summary>
    private static TimeSpan Least<T>(Action<T> read, T text) => Enumerable.Range(0, 3).Min(_ =>
    {
        var start = Now();
        Try(read, text);
        return Now() - start;
    });

    private static void Try<T>(Action<T> read, T text)
    {
        try
        {
            read(text);
        }
        catch (InputException error)
        {
            Assert.True(error.Message.Length <= 1100, "the message is long.");
        }
    }

    private static TimeSpan Now()
    {
        const int OfThisThread = 3; // CLOCK_THREAD_CPUTIME_ID
        return OperatingSystem.IsLinux() && Clock(OfThisThread, out var time) == 0
            ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1e3)
            : Stopwatch.GetElapsedTime(0);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int Clock(int clock, out Moment time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Moment
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
