using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LoraOnnx.Model;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Torch;
using static TorchSharp.torch;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>How much of the machine does training use, and how much more than a plain loop?</summary>
internal static class TrainingBenchmark
{
    private const string PeakCommand = "peak"; // in a process of its own: training peak bf16

    private static readonly string[] _parts = ["plain", "lora-bf16", "lora-fp32", "encode-bf16", "encode-fp32", "head", "peak-bf16", "peak-fp32"];

    /// <summary>All parts that the processor is fast at, or those named; <c>--threads N</c> before them.</summary>
    public static int Run(string[] arguments)
    {
        if (arguments is ["--threads", var threads, .. var rest])
        {
            BusyClock.Threads = int.Parse(threads, CultureInfo.InvariantCulture);
            arguments = rest;
        }

        TorchEngine.Start(new MachineWish(ComputeDevice.Cpu, null, BusyClock.Threads), null);
        if (arguments is [PeakCommand, var type])
        {
            EngineWork.TakeLongSteps(Enum.Parse<BasePrecision>(type, ignoreCase: true));
            Console.WriteLine(ProcessMemory.Peak);
            return 0;
        }

        var bf16IsFast = TorchDevice.FastPrecision(ComputeDevice.Cpu) == BasePrecision.Bf16;
        var parts = arguments.Length > 0 ? arguments : [.. _parts.Where(part => bf16IsFast || !NeedsBf16(part))];
        if (parts.Except(_parts).FirstOrDefault() is { } unknown)
        {
            Console.Error.WriteLine($"error: no part is called '{unknown}'; there are {string.Join(", ", _parts)}.");
            return 1;
        }

        Console.WriteLine($"machine: {Processor()}, {(BusyClock.Threads == 1 ? "1 thread, by processor time" : $"{BusyClock.Threads} threads")}; "
            + $"{RuntimeInformation.OSDescription}");
        Console.WriteLine($"model: DistilBERT-base size, {EngineWork.Describe()}");
        if (!bf16IsFast)
        {
            Console.WriteLine("bf16: slow on this processor, so left out unless named");
        }

        using var bf16 = bf16IsFast || parts.Any(NeedsBf16) ? new MatrixProbe(ScalarType.BFloat16) : null;
        using var fp32 = new MatrixProbe(ScalarType.Float32);
        foreach (var part in parts)
        {
            if (part.StartsWith(PeakCommand, StringComparison.Ordinal))
            {
                var gibibytes = PeakOfChild(part[(PeakCommand.Length + 1)..]) / (double)(1L << 30);
                Print($"{part,-12} {gibibytes:0.00} GiB with LoRA steps of {EngineWork.LongStepTokens} tokens, 512 a text");
                continue;
            }

            bf16?.Measure();
            fp32.Measure();
            var work = Measure(part);
            bf16?.Measure();
            fp32.Measure();
            Print($"{part,-12} {work.TokensPerSecond,6:0} tokens/s = {Share(work, bf16, "bf16")}{Share(work, fp32, "fp32")}{work.Remark}");
            bf16?.Forget();
            fp32.Forget();
        }

        return 0;
    }

    private static bool NeedsBf16(string part) => part.EndsWith("bf16", StringComparison.Ordinal);

    private static string Share(Work work, MatrixProbe? probe, string type) => probe is null ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{work.TokensPerSecond / probe.Gigaflops:0.00} per {type} GFLOP/s ({probe.Gigaflops:0}); ");

    private static Work Measure(string part) => part switch
    {
        "plain" => PlainWork.Steps(),
        "lora-bf16" => EngineWork.LoraSteps(BasePrecision.Bf16),
        "lora-fp32" => EngineWork.LoraSteps(BasePrecision.Fp32),
        "encode-bf16" => EngineWork.Encode(BasePrecision.Bf16),
        "encode-fp32" => EngineWork.Encode(BasePrecision.Fp32),
        "head" => EngineWork.Head(),
        _ => throw new UnreachableException($"The part '{part}' was checked before. This is a bug."),
    };

    private static long PeakOfChild(string type)
    {
        // a started program has a path
        using var child = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!,
                ["training", "--threads", BusyClock.Threads.ToString(CultureInfo.InvariantCulture), PeakCommand,
                    type])
            { RedirectStandardOutput = true })!;
        var output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return long.Parse(output, CultureInfo.InvariantCulture);
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static string Processor()
    {
        const string CpuInfo = "/proc/cpuinfo";
        string? Field(string name) => File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':')[1].Trim()
            : null;
        var types = Field("flags")?.Split(' ').Where(flag => flag is "avx2" or "avx512f" or "avx512_bf16" or "amx_bf16");
        return Field("model name") is { } name ? $"{name} ({string.Join(", ", types ?? [])})" : RuntimeInformation.ProcessArchitecture.ToString();
    }
}

/// <summary>What a part did.</summary>
internal readonly record struct Work(double TokensPerSecond, string Remark);
