using LoraOnnx.Model.Runs;
using LoraOnnx.Training.Display;

namespace LoraOnnx.Training.Tests.Runs;

/// <summary>Keeps what a run shows.</summary>
internal sealed class RecordingDisplay : ITrainingDisplay
{
    public List<string> Notes { get; } = [];

    public List<string> Warnings { get; } = [];

    public List<(RunMetrics Metrics, bool IsBest)> Evaluations { get; } = [];

    public List<StepView> Steps { get; } = [];

    /// <summary>Called after every step.</summary>
    public Action<RecordingDisplay> AfterStep { get; init; } = _ => { };

    public void Note(string line) => Notes.Add(line);

    public void Warn(string line) => Warnings.Add(line);

    public List<(string What, double Share)> Preparations { get; } = [];

    public void Preparing(string what, double share, TimeSpan left) => Preparations.Add((what, share));

    public void Step(StepView step)
    {
        Steps.Add(step);
        AfterStep(this);
    }

    public void Evaluated(string phase, RunMetrics metrics, bool isBest) => Evaluations.Add((metrics, isBest));

    public void While(Action training) => training();
}
