using System.Diagnostics;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Training.Display;

/// <summary>Plain lines, for logs and pipes.</summary>
internal sealed class PlainDisplay : ITrainingDisplay
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);
    private readonly TextWriter _output;
    private long? _lastLine;

    public PlainDisplay(TextWriter output) => _output = output;

    public void Note(string line) => _output.WriteLine(line);

    public void Warn(string line) => _output.WriteLine($"warning: {line}");

    public void Preparing(string what, double share, TimeSpan left)
    {
        if (IsTime())
        {
            _output.WriteLine(DisplayText.Preparation(what, share, left));
        }
    }

    public void Step(StepView step)
    {
        if (step.Step == 1 || step.Step == step.Steps || IsTime())
        {
            _output.WriteLine(DisplayText.Step(step));
        }
    }

    public void Evaluated(string phase, RunMetrics metrics, bool isBest) => _output.WriteLine(DisplayText.Evaluation(phase, metrics, isBest));

    public void While(Action training) => training();

    private bool IsTime()
    {
        if (_lastLine is { } last && Stopwatch.GetElapsedTime(last) < _interval)
        {
            return false;
        }

        _lastLine = Stopwatch.GetTimestamp();
        return true;
    }
}
