using LoraOnnx.Model.Runs;

namespace LoraOnnx.Training.Display;

/// <summary>A display that says the same warning once a run, and nothing that steers a terminal: classes and names come from strangers.</summary>
internal sealed class WarnsOnce : ITrainingDisplay
{
    private readonly ITrainingDisplay _inner;
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    private WarnsOnce(ITrainingDisplay inner) => _inner = inner;

    /// <summary>Such a display over another, which shows what is said.</summary>
    public static ITrainingDisplay Over(ITrainingDisplay inner) => new WarnsOnce(inner);

    public void Warn(string line)
    {
        if (_said.Add(line))
        {
            _inner.Warn(VisibleText.Of(line, VisibleLines.MostCharacters));
        }
    }

    public void Note(string line) => _inner.Note(VisibleText.Of(line, VisibleLines.MostCharacters));

    public void Preparing(string what, double share, TimeSpan left) => _inner.Preparing(what, share, left);

    public void Step(StepView step) => _inner.Step(step);

    public void Evaluated(string phase, RunMetrics metrics, bool isBest) => _inner.Evaluated(phase, metrics, isBest);

    public void While(Action training) => _inner.While(training);
}
