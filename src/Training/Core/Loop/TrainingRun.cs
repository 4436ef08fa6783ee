using System.Diagnostics;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Recording;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Loop;

/// <summary>Takes a run through its phases, from the start or from a checkpoint. <paramref name="rawFeatures"/> are those of the base in
/// fp32.</summary>
internal sealed class TrainingRun(TrainingJob job, CachedFeatures rawFeatures)
{
    /// <summary>Called when all is ready for the first step, with the time that features took.</summary>
    public Action<TimeSpan>? FirstStep { get; init; }

    /// <summary>Trains what is left after <paramref name="checkpoint"/>, or everything.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint is saved.</exception>
    /// <exception cref="InputException">Nothing was learnt, the loss is not finite, or a file cannot be written.</exception>
    public RunProgress Run(TrainingCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        var progress = checkpoint?.Progress ?? new RunProgress();
        for (var index = progress.Phase; index < job.Options.Phases.Count; index++)
        {
            if (index > progress.Phase)
            {
                progress = progress.ForNextPhase();
            }

            var started = Stopwatch.GetTimestamp();
            var phase = job.Options.Phases[index];
            using var trainer = CreateTrainer(phase, cancellationToken);
            if (checkpoint is not null && checkpoint.Progress.Phase == index)
            {
                trainer.Restore(checkpoint.Engine);
            }

            job.Output.WriteRecord(job.Output.Record with { TrainedParameters = trainer.TrainedParameters });
            var preparation = Stopwatch.GetElapsedTime(started);
            progress = progress with { Seconds = progress.Seconds + preparation.TotalSeconds };
            FirstStep?.Invoke(phase is HeadPhase ? preparation : TimeSpan.Zero);
            var loop = new TrainingLoop(new TrainingPhase(phase, Plan(), job.Options), trainer, job, progress);
            job.Display.While(() => progress = loop.Run(cancellationToken));
        }

        if (progress is { BestBefore: { } before, Best: { } best } && best.F1 < before.F1)
        {
            job.Display.Warn(
                $"with the new head validation F1 is {DisplayText.Percent(best.F1)}, the adapters alone had {DisplayText.Percent(before.F1)}: "
                + "--method lora keeps the head of the base; or try another --lr-head.");
        }

        return progress;
    }

    private StepPlan Plan() =>
        new(job.Texts.Train.Encoded.Select(text => text.Ids.Length), job.Options.Batch, job.Options.GradientAccumulation, job.Options.Seed,
            job.Options.Sampling == Sampling.Balanced ? job.Texts.Train.ByClass(job.Base.Config.Task.Labels.Count) : null);

    private ITrainer CreateTrainer(IPhase phase, CancellationToken cancellationToken) => phase switch
    {
        AdapterPhase => new EncoderTrainer(Adapters(trainsHead: false), job.Texts.Train),
        JointPhase => new EncoderTrainer(Adapters(trainsHead: true), job.Texts.Train),
        HeadPhase { OnAdapters: true } => OnFeatures(Frozen(job.Output.ReadWeights().Adapter!), cancellationToken), // the phase before wrote them
        HeadPhase => OnFeatures(null, cancellationToken),
        _ => throw new UnreachableException($"A phase of the kind {phase.GetType().Name}. This is a bug."),
    };

    private ILearner<PackedBatch> Adapters(bool trainsHead) => job.Engine.Adapters(job.Base.Weights,
        // a phase of adapters has some
        AdapterOptions.Plan(job.Options.Adapters!, job.Base.Config), LearnerSettings.Of(job.Options) with { TrainHead = trainsHead });

    private FeatureTrainer OnFeatures(LoraAdapter? frozen, CancellationToken cancellationToken)
    {
        using var features = new CachedFeatures(job, frozen, job.Options.Machine.Precision);
        var train = features.Of(job.Texts.Train, cancellationToken);
        var validation = job.Texts.Validation is null ? null : ValidationFeatures(frozen, job.Texts.Validation, cancellationToken);
        var head = job.Engine.Head(job.Base.Weights, LearnerSettings.Of(job.Options));
        return new FeatureTrainer(head, job.Texts.Train, train, validation, frozen);
    }

    /// <summary>Features in fp32, so that the evaluations of a head are those of the exported file; the raw model's are there already.</summary>
    private float[][] ValidationFeatures(LoraAdapter? frozen, TextSet validation, CancellationToken cancellationToken)
    {
        if (frozen is null)
        {
            return rawFeatures.Of(validation, cancellationToken);
        }

        using var features = new CachedFeatures(job, frozen, BasePrecision.Fp32);
        return features.Of(validation, cancellationToken);
    }

    /// <summary>The adapters alone, under a hash that does not change when a head joins them in the file.</summary>
    private static LoraAdapter Frozen(LoraAdapter adapter) => new(adapter.Modules, []) { ContentHash = AdapterHash.Of(adapter) };
}
