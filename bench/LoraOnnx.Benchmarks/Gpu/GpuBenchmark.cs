using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Model;

namespace LoraOnnx.Benchmarks.Gpu;

/// <summary>
/// All that is asked of a GPU, in one call and one JSON file: each part is a process of its own, so that one that fails leaves the others, and the
/// file is written after each.
/// </summary>
internal static class GpuBenchmark
{
    public const string Question =
        "Does everything hold on a GPU, and how fast is it? [--device cuda|cpu] [--short] [--seconds N] [--out FILE] [PART...]";

    private const string Child = "child";
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    public static int Run(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (arguments is [Child, var name, var device, var length])
        {
            Console.WriteLine(GpuParts.All[name](new GpuSetting(DeviceOf(device), length == "short")).ToJsonString());
            return 0;
        }

        string? Option(string option) => Array.IndexOf(arguments, option) is >= 0 and var at ? arguments.ElementAtOrDefault(at + 1) : null;
        var setting = new GpuSetting(DeviceOf(Option("--device") ?? "cuda"), arguments.Contains("--short"));
        var budget = TimeSpan.FromSeconds(int.Parse(Option("--seconds") ?? "500", CultureInfo.InvariantCulture));
        var file = Option("--out") ?? "gpu.json";
        string[] named = [.. GpuParts.All.Keys.Intersect(arguments)];
        var (clock, parts) = (Stopwatch.StartNew(), new JsonObject());
        var report = new JsonObject
        {
            ["machine"] = Machine(),
            ["device"] = EnumNames.Of(setting.Device),
            ["short"] = setting.IsShort,
            ["parts"] = parts,
        };
        foreach (var part in named.Length > 0 ? named : [.. GpuParts.All.Keys])
        {
            var started = clock.Elapsed;
            var figures = Measure(part, setting, budget - started);
            figures["seconds"] = Math.Round((clock.Elapsed - started).TotalSeconds, 1);
            parts[part] = figures;
            Console.Error.WriteLine($"{part}: {figures.ToJsonString()}");
            report["seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 1);
            report["holds"] = parts.All(one => one.Value!["error"] is null && one.Value["holds"]?.GetValue<bool>() != false); // parts are objects
            File.WriteAllText(file, report.ToJsonString(_indented));
        }

        return report["holds"]!.GetValue<bool>() ? 0 : 1; // there is a part, so it was written
    }

    private static ComputeDevice DeviceOf(string name) =>
        EnumNames.Parse<ComputeDevice>(name) ?? throw new ArgumentException($"device is '{name}', expected cuda or cpu.");

    /// <summary>A part's figures, or what went wrong.</summary>
    private static JsonObject Measure(string part, GpuSetting setting, TimeSpan left)
    {
        if (left < TimeSpan.FromSeconds(1))
        {
            return new JsonObject { ["error"] = "no time was left" };
        }

        // a program that runs has a path, and a path gives a process
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!,
            ["gpu", Child, part, EnumNames.Of(setting.Device), setting.IsShort ? "short" : "whole"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var memory = new GpuMemory();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(left))
        {
            process.Kill(entireProcessTree: true);
            return new JsonObject { ["error"] = $"not done after {left.TotalSeconds:0} s" };
        }

        var lines = output.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (process.ExitCode != 0 || lines.Length == 0)
        {
            var said = errors.GetAwaiter().GetResult();
            return new JsonObject { ["error"] = $"exit code {process.ExitCode}: {said[..Math.Min(said.Length, 2000)]}" };
        }

        var figures = JsonNode.Parse(lines[^1])!.AsObject(); // a child writes an object
        if (memory.MostMebibytes is { } most)
        {
            figures["gpu_memory_mib"] = most;
        }

        return figures;
    }

    private static JsonObject Machine() => new()
    {
        ["system"] = RuntimeInformation.OSDescription,
        ["cores"] = Environment.ProcessorCount,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["gpu"] = GpuMemory.Describe(),
    };
}

/// <summary>Where, and whether with a small model for a moment only: for machines that test the measuring.</summary>
internal sealed record GpuSetting(ComputeDevice Device, bool IsShort);
