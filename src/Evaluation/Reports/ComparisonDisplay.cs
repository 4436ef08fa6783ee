using LoraOnnx.Evaluation.Scoring;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>Progress and time left on standard error: one line that changes on a terminal, a line every ten seconds when redirected.</summary>
internal sealed class ComparisonDisplay : IProgress<ScoringStep>
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(10);

    private readonly bool _live = !Console.IsErrorRedirected;
    private TimeSpan _next = _between;
    private int _width;

    public void Report(ScoringStep step)
    {
        var left = step.Share > 0 ? step.Elapsed.TotalSeconds * (1 - step.Share) / step.Share : 0;
        var line = $"{Path.GetFileName(step.Data)}: {Numbers.Text(100 * step.Share, "0")} %, {Numbers.Count(step.Texts)} of "
            + $"{Numbers.Count(step.AllTexts)} {step.Counted}, {Numbers.Duration(left)} left";
        if (_live)
        {
            Console.Error.Write($"\r{VisibleText.Of(line).PadRight(_width)}");
            _width = line.Length;
        }
        else if (step.Elapsed >= _next)
        {
            VisibleLines.Tell(line);
            _next = step.Elapsed + _between;
        }
    }

    /// <summary>Takes the live line away.</summary>
    public void Clear()
    {
        if (_live && _width > 0)
        {
            Console.Error.Write($"\r{new string(' ', _width)}\r");
        }

        (_width, _next) = (0, _between);
    }
}
