using System.Globalization;

namespace LoraOnnx.Scoring;

/// <summary>Progress and time left on standard error: one line that changes on a terminal, a line every ten seconds when redirected.</summary>
internal sealed class ScoringDisplay(string name, long done, long all, TimeProvider time, TextWriter target, bool isLive)
{
    private readonly TimeSpan _between = TimeSpan.FromSeconds(isLive ? 0.5 : 10);
    private readonly long _begun = time.GetTimestamp();
    private readonly Lock _lock = new();
    private TimeSpan _next = TimeSpan.FromSeconds(isLive ? 0.5 : 10); // as _between
    private int _width;

    /// <summary>So many rows are done. May be called from several threads.</summary>
    public void Report(double rows)
    {
        var elapsed = time.GetElapsedTime(_begun);
        lock (_lock)
        {
            if (elapsed < _next)
            {
                return;
            }

            _next = elapsed + _between;
            var left = rows > done ? elapsed * ((all - rows) / (rows - done)) : (TimeSpan?)null;
            var line = string.Create(CultureInfo.InvariantCulture, $"{name}: {100 * rows / Math.Max(1, all):0} %, {rows:#,0} of {all:#,0} rows")
                + (left is { } remaining ? $", {Duration(remaining)} left" : "");
            if (!isLive)
            {
                target.WriteLine(VisibleText.Of(line));
                return;
            }

            target.Write($"\r{VisibleText.Of(line).PadRight(_width)}");
            _width = line.Length;
        }
    }

    /// <summary>Takes the live line away.</summary>
    public void Clear()
    {
        if (_width > 0)
        {
            target.Write($"\r{new string(' ', _width)}\r");
        }
    }

    private static string Duration(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min"
        : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{Math.Ceiling(time.TotalSeconds)} s";
}
