using System.Diagnostics;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Loop;

/// <summary>Takes a run through its phases, from the start or from a checkpoint.</summary>
internal sealed class TrainingRun
{
    /// <summary>On a GPU a step's result is read this often: reading waits for the device.</summary>
    private const int StepsBetweenReadsOnGpu = 10;

    private readonly BaseModel _base;
    private readonly TrainingTexts _texts;
    private readonly TrainingOptions _options;
    private readonly Machine _machine;
    private readonly RunOutput _output;
    private readonly FrozenEncoder _rawEncoder;
    private readonly FeatureCache _cache;
    private readonly ITrainingDisplay _display;

    public TrainingRun(BaseModel @base, TrainingTexts texts, TrainingOptions options, Machine machine, RunOutput output, FrozenEncoder rawEncoder, FeatureCache cache, ITrainingDisplay display)
    {
        _base = @base;
        _texts = texts;
        _options = options;
        _machine = machine;
        _output = output;
        _rawEncoder = rawEncoder;
        _cache = cache;
        _display = display;
    }

    /// <summary>Called when all is ready for the first step, with the time that features took.</summary>
    public Action<TimeSpan>? FirstStep { get; init; }

    /// <summary>Trains what is left after <paramref name="checkpoint"/>, or everything.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint is saved.</exception>
    public RunProgress Run(TrainingCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        var progress = checkpoint?.Progress ?? new RunProgress();
        var phases = PhasePlan.Of(_options);
        for (var index = progress.Phase; index < phases.Count; index++)
        {
            if (index > progress.Phase)
            {
                progress = new RunProgress
                {
                    Phase = index,
                    Step = progress.Step,
                    Tokens = progress.Tokens,
                    Seconds = progress.Seconds,
                    PeakMemoryBytes = progress.PeakMemoryBytes,
                    BestBefore = progress.Best,
                };
            }

            var started = Stopwatch.GetTimestamp();
            using var trainer = CreateTrainer(phases[index], cancellationToken);
            if (checkpoint is not null && checkpoint.Progress.Phase == index)
            {
                trainer.RestoreState(checkpoint.Engine);
            }

            _output.WriteRecord(_output.Record with { TrainedParameters = trainer.TrainedParameters });
            var preparation = Stopwatch.GetElapsedTime(started);
            progress = progress with { Seconds = progress.Seconds + preparation.TotalSeconds };
            FirstStep?.Invoke(phases[index].IsHeadAlone ? preparation : TimeSpan.Zero);
            var loop = new TrainingLoop(Phase(phases[index]), trainer, _texts.Validation, _base.Config, _output, _display, progress,
                TimeSpan.FromSeconds(_options.CheckpointSeconds), _machine.Device == ComputeDevice.Cpu ? 1 : StepsBetweenReadsOnGpu);
            _display.While(() => progress = loop.Run(cancellationToken));
        }

        if (progress is { BestBefore: { } before, Best: { } best } && best.F1 < before.F1)
        {
            _display.Warn($"with the new head validation F1 is {DisplayText.Percent(best.F1)}, the adapters alone had {DisplayText.Percent(before.F1)}: --method lora keeps the head of the base; or try another --lr-head.");
        }

        return progress;
    }

    private TrainingPhase Phase(PhasePlan plan)
    {
        var batch = new BatchSize(_options.BatchTokens is null ? _options.BatchSize ?? LearningDefaults.BatchSize : null, _options.BatchTokens);
        var steps = new StepPlan(_texts.Train.Encoded.Select(text => text.Ids.Length), batch, _options.GradientAccumulation, _options.Seed);
        return new TrainingPhase(plan.Name, plan.Epochs, steps, plan.Peak, _options);
    }

    private ITrainer CreateTrainer(PhasePlan phase, CancellationToken cancellationToken)
    {
        var engineOptions = EngineSettings.Create(_options, _machine, _machine.Precision);
        if (!phase.IsHeadAlone)
        {
            var trainsHead = phase.Peak.Head > 0;
            var options = engineOptions with { Adapter = AdapterOptions.Plan(_options, _base.Config), TrainHead = trainsHead };
            return new EncoderTrainer(TrainingEngine.Create(_base.Weights, options), _texts.Train, trainsHead);
        }

        // In a sequential run the head learns on the adapters that the first phase kept.
        var frozen = _options.IsSequential ? Frozen(_output.ReadWeights().Adapter!) : null; // the first phase wrote them
        using var encoder = new FrozenEncoder(_base, frozen, _options, _machine, _machine.Precision, _cache, _display);
        var train = encoder.Features(_texts.Train, cancellationToken);
        var validation = _texts.Validation is null ? null : ValidationFeatures(frozen, _texts.Validation, cancellationToken);
        var head = HeadTrainer.Create(_base.Weights, engineOptions with { TrainHead = true });
        return new FeatureTrainer(head, _texts.Train, train, validation, frozen);
    }

    /// <summary>Features in fp32, so that the evaluations of a head are those of the exported file; the raw model's are there already.</summary>
    private float[][] ValidationFeatures(LoraAdapter? frozen, TextSet validation, CancellationToken cancellationToken)
    {
        if (frozen is null)
        {
            return _rawEncoder.Features(validation, cancellationToken);
        }

        using var encoder = new FrozenEncoder(_base, frozen, _options, _machine, Precision.Fp32, _cache, _display);
        return encoder.Features(validation, cancellationToken);
    }

    /// <summary>The adapters alone, under a hash that does not change when a head joins them in the file.</summary>
    private static LoraAdapter Frozen(LoraAdapter adapter) => new(adapter.Modules, []) { ContentHash = AdapterHash.Of(adapter) };
}
