using System.Diagnostics;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training.Loop;

/// <summary>Runs the steps of a phase from where the progress says, evaluates, keeps the best weights, and saves checkpoints from which it can go on bit by bit.</summary>
internal sealed class TrainingLoop
{
    private readonly TrainingPhase _phase;
    private readonly ITrainer _trainer;
    private readonly TextSet? _validation;
    private readonly ModelConfig _config;
    private readonly RunOutput _output;
    private readonly ITrainingDisplay _display;
    private readonly StepReports _reports;
    private readonly TimeSpan _checkpointInterval;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly double _secondsBefore;
    private TimeSpan _lastCheckpoint;
    private RunProgress _progress;

    public TrainingLoop(TrainingPhase phase, ITrainer trainer, TextSet? validation, ModelConfig config, RunOutput output, ITrainingDisplay display,
        RunProgress progress, TimeSpan checkpointInterval, int reportEvery)
    {
        _phase = phase;
        _trainer = trainer;
        _validation = validation;
        _config = config;
        _output = output;
        _display = display;
        _progress = progress;
        _secondsBefore = progress.Seconds;
        _checkpointInterval = checkpointInterval;
        _reports = new StepReports(phase, output.Log, display, output.Folder.LastCheckpoint, reportEvery);
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

        if (_validation is null)
        {
            _output.WriteWeights(_trainer.Export());
        }

        SaveCheckpoint();
        return _progress;
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
        if (_validation is not null)
        {
            Evaluate(_validation, cancellationToken);
        }

        _progress = _progress with { EvaluatedAt = _progress.PhaseStep };
        SaveCheckpoint();
        _reports.Restart();
    }

    private void Evaluate(TextSet validation, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var evaluation = Evaluation.Of(_trainer.Logits(validation, cancellationToken), validation, _config, _progress.Step, _phase.EpochsAt(_progress.PhaseStep));
        var isBest = Evaluation.IsBetter(evaluation.Metrics, _progress.Best);
        _output.Log.Evaluation("evaluation", validation.Role, evaluation.Metrics);
        _display.Evaluated(_phase.Name, evaluation.Metrics with { Step = _progress.PhaseStep }, isBest); // a person counts the steps of the phase, as in the lines of steps
        if (evaluation.OnlyAnswer is { } answer)
        {
            _display.Warn($"every validation text was answered with {answer}: the model has learnt nothing yet, or --lr is too high.");
        }

        if (isBest)
        {
            _output.WriteWeights(_trainer.Export());
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
            _display.Note($"stopped at step {_progress.PhaseStep} of {_phase.Steps}: no better F1 in {_phase.Patience} {(_phase.Patience == 1 ? "evaluation" : "evaluations")}.");
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
        _output.SaveCheckpoint(_progress, _trainer.SaveState());
        _lastCheckpoint = _clock.Elapsed;
    }
}
