using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace LoraOnnx.Benchmarks.Gpu;

/// <summary>The largest memory in use on the first GPU while this lives, by nvidia-smi; nothing where there is none.</summary>
internal sealed class GpuMemory : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watch;
    private int _most = -1;

    public GpuMemory() => _watch = WatchAsync();

    /// <summary>MiB; null where no GPU answered.</summary>
    public int? MostMebibytes => _most < 0 ? null : _most;

    /// <summary>Name, driver and memory; null where no GPU answered.</summary>
    public static string? Describe() => Ask("name,driver_version,memory.total");

    public void Dispose()
    {
        _over.Cancel();
        _watch.GetAwaiter().GetResult();
        _over.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_over.IsCancellationRequested && await Task.Run(() => Ask("memory.used")) is { } used)
        {
            _most = Math.Max(_most, int.Parse(used.Split(' ')[0], CultureInfo.InvariantCulture));
            await Task.WhenAny(Task.Delay(300, _over.Token));
        }
    }

    private static string? Ask(string fields)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("nvidia-smi", [$"--query-gpu={fields}", "--format=csv,noheader", "--id=0"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!; // a name gives a process or throws
            var line = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? line : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
