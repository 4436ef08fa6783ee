using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LoraOnnx.Model;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Torch;
using static TorchSharp.torch;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>
/// The same LoRA steps with each way that libtorch can get its memory, in processes of their own, taken in turn: what else the machine does meets all
/// alike.
/// </summary>
internal static partial class MemoryBenchmark
{
    public const string Question = "What do a range of addresses of our own, glibc's mallopt and glibc as it is cost in speed and memory?";

    private const string Child = "child";
    private const int BatchTexts = 8;
    private static readonly string[] _ways = ["range", "mallopt", "glibc"];

    /// <summary>Options: rounds, steps of each process, precision, ways.</summary>
    public static int Run(string[] arguments)
    {
        if (arguments is [Child, var only, var childPrecision, var childSteps])
        {
            Console.WriteLine(Measure(only, Enum.Parse<BasePrecision>(childPrecision, ignoreCase: true), Number(childSteps)));
            return 0;
        }

        var rounds = arguments.Length > 0 ? Number(arguments[0]) : 3;
        var steps = arguments.Length > 1 ? arguments[1] : "16";
        var precision = arguments.Length > 2 ? arguments[2] : TorchDevice.FastPrecision(ComputeDevice.Cpu).ToString();
        var ways = arguments.Length > 3 ? arguments[3..] : _ways;
        var turns = ProcessesInTurn.Run(rounds, ways, way => $"{way,-8}", way => ["training-memory", Child, way, precision, steps]);
        string[] figures = ["tokens/s", "tokens per second of processor time", "MiB at most", "MiB at the end", "page faults a step"];
        foreach (var (figure, place) in figures.Select((figure, place) => (figure, place)))
        {
            var medians = ways.Select(way => (Key: way, Value: turns.Median(way, place))).ToList();
            Console.WriteLine($"{figure}: " + string.Join(", ", medians.Select(way => string.Create(CultureInfo.InvariantCulture,
                $"{way.Key} {way.Value:0.#} ({way.Value / medians[0].Value:p1})"))));
        }

        return 0;
    }

    private static string Measure(string way, BasePrecision precision, int steps)
    {
        if (way == "mallopt")
        {
            // malloc.h: nothing is mapped on its own, nothing goes back to the kernel, all threads share one heap
            const int TrimThreshold = -1, MmapMax = -4, ArenaMax = -8;
            if (SetMalloc(MmapMax, 0) == 0 || SetMalloc(TrimThreshold, int.MaxValue) == 0 || SetMalloc(ArenaMax, 1) == 0)
            {
                throw new UnreachableException("glibc refuses a setting. This is a bug.");
            }
        }

        NativeTorch.Prepare(null);
        set_num_threads(Environment.ProcessorCount);
        if (way == "range")
        {
            TensorMemory.Install();
        }

        var before = 0L;
        var (tokens, wall, processor) = EngineWork.LoraSteps(precision, steps, BatchTexts, afterFirst: () => before = MinorFaults());
        var faults = (MinorFaults() - before) / steps;
        return string.Create(CultureInfo.InvariantCulture,
            $"{tokens / wall:0.0} tokens/s, {tokens / processor:0.0} tokens/processor-second, {ProcessMemory.Peak >> 20} MiB, "
                + $"{ProcessMemory.Resident >> 20} MiB, {faults} faults/step");
    }

    private static long MinorFaults() =>
        // the tenth field; the second is a name in parentheses that may hold blanks
        long.Parse(File.ReadAllText("/proc/self/stat").Split(") ")[1].Split(' ')[7], CultureInfo.InvariantCulture);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetMalloc(int parameter, int value);
}
