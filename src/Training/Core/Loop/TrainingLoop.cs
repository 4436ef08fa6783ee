using System.Diagnostics;
using LoraOnnx.Model;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training.Loop;

/// <summary>
/// Runs the steps of a phase from where the progress says, evaluates, keeps the best weights, and saves checkpoints from which it can go on bit by
/// bit. Weights that are still the first ones are never kept: a run that has learnt nothing fails.
/// </summary>
internal sealed class TrainingLoop
{
    /// <summary>On a GPU a step's result is read this often: reading waits for the device.</summary>
    private const int StepsBetweenReadsOnGpu = 10;

    private readonly TrainingPhase _phase;
    private readonly ITrainer _trainer;
    private readonly TrainingJob _job;
    private readonly StepReports _reports;
    private readonly TimeSpan _checkpointInterval;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly double _secondsBefore;
    private TimeSpan _lastCheckpoint;
    private RunProgress _progress;

    public TrainingLoop(TrainingPhase phase, ITrainer trainer, TrainingJob job, RunProgress progress)
    {
        _phase = phase;
        _trainer = trainer;
        _job = job;
        _progress = progress;
        _secondsBefore = progress.Seconds;
        _checkpointInterval = TimeSpan.FromSeconds(job.Options.CheckpointSeconds);
        var reportEvery = job.Options.Machine.Device == ComputeDevice.Cpu ? 1 : StepsBetweenReadsOnGpu;
        _reports = new StepReports(phase, job.Output.Log, job.Display, job.Output.Folder.LastCheckpoint, reportEvery);
    }

    /// <summary>Trains to the end of the phase, or until F1 no longer rises.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the checkpoint of the last finished step is saved.</exception>
    /// <exception cref="InputException">The loss is not finite, or a file cannot be written; the last good checkpoint is intact.</exception>
    public RunProgress Run(CancellationToken cancellationToken)
    {
        try
        {
            EvaluateIfDue(cancellationToken);
            foreach (var parts in _phase.StepsFrom(_progress.PhaseStep))
            {
                if (_progress.StoppedEarly)
                {
                    break;
                }

                cancellationToken.ThrowIfCancellationRequested();
                Step(parts);
                EvaluateIfDue(cancellationToken);
                if (_clock.Elapsed - _lastCheckpoint >= _checkpointInterval)
                {
                    SaveCheckpoint();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            SaveCheckpoint();
            throw;
        }

        ThrowIfNothingWasLearnt();
        if (_job.Texts.Validation is null)
        {
            _job.Output.WriteWeights(_trainer.Export());
        }

        SaveCheckpoint();
        return _progress;
    }

    private void ThrowIfNothingWasLearnt()
    {
        var keepsNothing = _job.Texts.Validation is not null && _progress.Best is null;
        if (keepsNothing || !_trainer.HasChanged)
        {
            throw new InputException($"{_phase.Name}: after {_progress.PhaseStep} {(_progress.PhaseStep == 1 ? "step" : "steps")} the weights are "
                + "those training began with: "
                + "nothing was learnt, and nothing is kept.",
                "every gradient or step was 0 to fp32's precision: try a higher --lr, more or other texts, or --clip 0; then start again with "
                    + "--overwrite.");
        }
    }

    private void Step(IReadOnlyList<int[]> parts)
    {
        var rates = _phase.Peak.Times(_phase.Schedule.Factor(_progress.PhaseStep));
        var result = _trainer.Step(parts, rates);
        _progress = _progress with { PhaseStep = _progress.PhaseStep + 1, Step = _progress.Step + 1, Tokens = _progress.Tokens + result.Tokens };
        _reports.Add(result, rates, _progress);
    }

    private void EvaluateIfDue(CancellationToken cancellationToken)
    {
        if (_progress.EvaluatedAt == _progress.PhaseStep || !_phase.EvaluationSteps.Contains(_progress.PhaseStep))
        {
            return;
        }

        _reports.Flush();
        if (_job.Texts.Validation is { } validation)
        {
            Evaluate(validation, cancellationToken);
        }

        _progress = _progress with { EvaluatedAt = _progress.PhaseStep };
        SaveCheckpoint();
        _reports.Restart();
    }

    private void Evaluate(TextSet validation, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var evaluation = Evaluation.OfValidation(
            _trainer.Logits(validation, cancellationToken), validation, _job.Base.Config.Task,
            new RunProgressPoint(_progress.Step, _phase.EpochsAt(_progress.PhaseStep)));
        var isBest = _trainer.HasChanged && Evaluation.IsBetter(evaluation.Metrics, _progress.Best);
        _job.Output.Log.Evaluation("evaluation", validation.Role, evaluation.Metrics);
        // a person counts the steps of the phase, as in the lines of steps
        _job.Display.Evaluated(_phase.Name, evaluation.Metrics with { Step = _progress.PhaseStep }, isBest);
        if (evaluation.OnlyAnswer is { } answer)
        {
            _job.Display.Warn($"every validation text was answered with {answer}: the model has learnt nothing yet, or --lr is too high.");
        }

        if (isBest)
        {
            _job.Output.WriteWeights(_trainer.Export());
        }

        _progress = _progress with
        {
            Last = evaluation.Metrics,
            Best = isBest ? evaluation.Metrics : _progress.Best,
            EvaluationsSinceBest = isBest ? 0 : _progress.EvaluationsSinceBest + 1,
        };
        _reports.EvaluationTook(Stopwatch.GetElapsedTime(started));
        if (_phase.Patience > 0 && _progress.EvaluationsSinceBest >= _phase.Patience && _progress.PhaseStep < _phase.Steps)
        {
            _progress = _progress with { StoppedEarly = true };
            _job.Display.Note($"stopped at step {_progress.PhaseStep} of {_phase.Steps}: no better F1 in {_phase.Patience} "
                + $"{(_phase.Patience == 1 ? "evaluation" : "evaluations")}.");
        }
    }

    private void SaveCheckpoint()
    {
        _reports.Flush();
        _progress = _progress with
        {
            Seconds = _secondsBefore + _clock.Elapsed.TotalSeconds,
            PeakMemoryBytes = Math.Max(_progress.PeakMemoryBytes, ProcessMemory.Peak),
        };
        _job.Output.SaveCheckpoint(_progress, _trainer.Save());
        _lastCheckpoint = _clock.Elapsed;
    }
}
