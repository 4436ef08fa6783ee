using System.Globalization;

namespace LoraOnnx.Training.Recording;

/// <summary>How much memory the process has and had.</summary>
internal static class ProcessMemory
{
    /// <summary>Resident size in bytes.</summary>
    public static long Resident => FromStatus("VmRSS:") ?? Environment.WorkingSet;

    /// <summary>Largest resident size so far, in bytes.</summary>
    public static long Peak
    {
        get
        {
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            return FromStatus("VmHWM:") ?? process.PeakWorkingSet64;
        }
    }

    /// <summary>A line such as <c>VmHWM:   123456 kB</c> of Linux's /proc, or null elsewhere.</summary>
    private static long? FromStatus(string name)
    {
        const string StatusFile = "/proc/self/status";
        if (!File.Exists(StatusFile))
        {
            return null;
        }

        var line = File.ReadLines(StatusFile).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? null : 1024
            * long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
