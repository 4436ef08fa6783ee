using System.Diagnostics;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Loop;

/// <summary>
/// Reads the results of steps, checks them, and passes them on to log and display. On a GPU a result is read only every few steps: reading waits for
/// the device. Nothing is saved before its results are read, so a checkpoint never holds weights that a loss of NaN has spoilt.
/// </summary>
internal sealed class StepReports
{
    private readonly TrainingPhase _phase;
    private readonly RunLog _log;
    private readonly ITrainingDisplay _display;
    private readonly string _checkpoint;
    private readonly int _readEvery;
    private readonly List<(StepResult Result, LearningRates Rates, RunProgress After)> _unread = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _stepTime; // of all steps since the start of this process
    private int _steps;
    private TimeSpan _evaluationTime; // of the last evaluation

    /// <summary>Reads every <paramref name="readEvery"/> steps; <paramref name="checkpoint"/> is where the last good one lies, for errors.</summary>
    public StepReports(TrainingPhase phase, RunLog log, ITrainingDisplay display, string checkpoint, int readEvery)
    {
        _phase = phase;
        _log = log;
        _display = display;
        _checkpoint = checkpoint;
        _readEvery = readEvery;
    }

    /// <summary>Takes a step that has been started; reads when it is time.</summary>
    /// <exception cref="InputException">A loss or gradient is not finite.</exception>
    public void Add(StepResult result, LearningRates rates, RunProgress after)
    {
        _unread.Add((result, rates, after));
        if (_unread.Count >= _readEvery)
        {
            Flush();
        }
    }

    /// <summary>Reads all results that are still unread.</summary>
    /// <exception cref="InputException">A loss or gradient is not finite.</exception>
    public void Flush()
    {
        if (_unread.Count == 0)
        {
            return;
        }

        var unread = _unread.ToArray();
        _unread.Clear();
        foreach (var (result, _, after) in unread)
        {
            if (!result.IsFinite)
            {
                throw new InputException($"the loss is {result.Loss} and the gradient {result.GradientNorm} at step {after.Step}, expected finite "
                    + "numbers; training has stopped.",
                    $"{(Directory.Exists(_checkpoint) ? $"the weights kept so far and the last checkpoint, {_checkpoint}, are from before"
                        : "no checkpoint was saved yet")}; "
                    + $"try a lower --lr, or --precision fp32.");
            }
        }

        // The results are in, so the steps are done: what the clock shows is theirs.
        var elapsed = _clock.Elapsed;
        _clock.Restart();
        _stepTime += elapsed;
        _steps += unread.Length;
        var tokensPerSecond = unread.Sum(step => (long)step.Result.Tokens) / elapsed.TotalSeconds;
        foreach (var (result, rates, after) in unread)
        {
            _log.Step(new StepRecord
            {
                Phase = _phase.Name,
                Step = after.Step,
                Epoch = _phase.EpochsAt(after.PhaseStep),
                Loss = result.Loss,
                GradientNorm = result.GradientNorm,
                LearningRate = Rate(rates),
                Texts = result.Texts,
                Tokens = result.Tokens,
                TokensPerSecond = tokensPerSecond,
                MemoryBytes = ProcessMemory.Resident,
            });
        }

        var (last, lastRates, progress) = unread[^1];
        _display.Step(new StepView
        {
            Phase = _phase.Name,
            Epoch = _phase.EpochsAt(progress.PhaseStep),
            Epochs = _phase.Epochs,
            Step = progress.PhaseStep,
            Steps = _phase.Steps,
            Loss = last.Loss,
            LearningRate = Rate(lastRates),
            LastF1 = progress.Last?.F1,
            BestF1 = progress.Best?.F1,
            TokensPerSecond = tokensPerSecond,
            TimeLeft = TimeLeft(progress.PhaseStep),
        });
    }

    /// <summary>Leaves the time since the last step out of the next one's.</summary>
    public void Restart() => _clock.Restart();

    /// <summary>Notes how long an evaluation takes, for the time left.</summary>
    public void EvaluationTook(TimeSpan time) => _evaluationTime = time;

    private double Rate(LearningRates rates) => _phase.Kind is HeadPhase ? rates.Head : rates.Adapter;

    private TimeSpan TimeLeft(int phaseStep) =>
        (_stepTime / _steps * (_phase.Steps - phaseStep)) + (_evaluationTime * _phase.EvaluationSteps.Count(step => step > phaseStep));
}
