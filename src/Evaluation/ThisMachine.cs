using System.Runtime.InteropServices;
using LoraOnnx.Evaluation.Reports;

namespace LoraOnnx.Evaluation;

/// <summary>Describes this machine, for the reader of a speed.</summary>
internal static class ThisMachine
{
    public static MachineReport Describe(int threads) =>
        new(Processor(), threads, RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);

    private static string Processor()
    {
        const string LinuxDescription = "/proc/cpuinfo";
        var model = File.Exists(LinuxDescription)
            ? File.ReadLines(LinuxDescription).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return model?[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
