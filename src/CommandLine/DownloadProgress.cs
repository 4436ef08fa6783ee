using System.Diagnostics;
using LoraOnnx.Hub;

namespace LoraOnnx.CommandLine;

/// <summary>Downloads on standard error: a line that is written over on a terminal, a line every few seconds elsewhere.</summary>
public sealed class DownloadProgress : IProgress<HubProgress>
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(Console.IsErrorRedirected ? 3 : 0.2);
    private long? _last;
    private int _shown;

    private DownloadProgress()
    {
    }

    /// <summary>What all programs use.</summary>
    public static DownloadProgress OnStandardError { get; } = new();

    /// <inheritdoc/>
    public void Report(HubProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var goesOn = value.Share is < 1;
        if (goesOn && _last is { } last && Stopwatch.GetElapsedTime(last) < _interval)
        {
            return;
        }

        _last = Stopwatch.GetTimestamp();
        if (Console.IsErrorRedirected)
        {
            VisibleLines.Tell(value.Text);
            return;
        }

        Console.Error.Write($"\r{VisibleText.Of(value.Text).PadRight(_shown)}{(goesOn ? "" : "\n")}");
        _shown = goesOn ? value.Text.Length : 0;
    }
}
