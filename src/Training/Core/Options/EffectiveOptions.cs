using System.Text.Json;
using System.Text.Json.Serialization;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Options;

/// <summary>What a run does: the options with every choice made, once. run.json and the report show it.</summary>
internal sealed record EffectiveOptions
{
    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Checkpoint directory or hub id.</summary>
    public required string Model { get; init; }

    /// <summary>What adapter_config.json and the cards call the base.</summary>
    public string BaseName { get; init; } = "";

    /// <summary>Training texts: a file, a folder or a hub id.</summary>
    public required string Train { get; init; }

    /// <summary>Validation texts, or how many of the training texts; null: none.</summary>
    public required string? Validation { get; init; }

    /// <summary>Test texts; null: none.</summary>
    public required string? Test { get; init; }

    /// <summary>Most training texts; null: all.</summary>
    public required int? TrainLimit { get; init; }

    /// <summary>How validation texts are taken from the training texts.</summary>
    public required SplitKind Split { get; init; }

    /// <summary>What is trained.</summary>
    public required TrainingMethod Method { get; init; }

    /// <summary>What learns, in order.</summary>
    public required IReadOnlyList<IPhase> Phases { get; init; }

    /// <summary>The adapters, or null where none are trained.</summary>
    public required EffectiveAdapters? Adapters { get; init; }

    /// <summary>How large a batch is.</summary>
    public required BatchSize Batch { get; init; }

    /// <summary>Batches that make one step.</summary>
    public required int GradientAccumulation { get; init; }

    /// <summary>Longest input in tokens.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Which part of a longer text is kept.</summary>
    public required Truncation Truncate { get; init; }

    /// <summary>AdamW's decay.</summary>
    public required double WeightDecay { get; init; }

    /// <summary>Share of a phase's steps in which the rate rises.</summary>
    public required double Warmup { get; init; }

    /// <summary>Longest gradient that is applied as it is; 0: no clipping.</summary>
    public required double Clip { get; init; }

    /// <summary>Share of the target that is spread over all classes.</summary>
    public required double LabelSmoothing { get; init; }

    /// <summary>How much each class counts, in the order of the classes; null: all alike.</summary>
    public IReadOnlyList<double>? ClassWeights { get; init; }

    /// <summary>How often texts of the classes are drawn.</summary>
    public Sampling Sampling { get; init; }

    /// <summary>Dropout of the checkpoint's config in body and head.</summary>
    public required bool Dropout { get; init; }

    /// <summary>Dropout of attention weights too.</summary>
    public required bool AttentionDropout { get; init; }

    /// <summary>Evaluations without a better F1 that end a phase; 0: none do.</summary>
    public required int Patience { get; init; }

    /// <summary>Decides split, order of batches, new weights and dropout.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Seconds between checkpoints in the middle of an epoch.</summary>
    public required double CheckpointSeconds { get; init; }

    /// <summary>Most bytes that cached features take, in GiB.</summary>
    public required double FeatureCacheGib { get; init; }

    /// <summary>What computes.</summary>
    public required Machine Machine { get; init; }

    /// <summary>How the seed becomes numbers, and steps rates.</summary>
    [JsonIgnore]
    public RunRules Rules { get; init; } = RunRules.Current;

    /// <summary>True when the head is trained in some phase, and so kept.</summary>
    [JsonIgnore]
    public bool TrainsHead => Phases.Any(phase => phase is JointPhase or HeadPhase);

    /// <summary>As run.json has it.</summary>
    public JsonElement ToJson() => JsonSerializer.SerializeToElement(this, _json);

    /// <summary>Makes every choice that <paramref name="options"/> leave open.</summary>
    /// <param name="options">What was given.</param>
    /// <param name="adapters">The adapters, where some are trained.</param>
    /// <param name="machine">What computes.</param>
    /// <param name="maxLength">Longest input in tokens.</param>
    /// <param name="rules">Those that the run began with.</param>
    /// <param name="stepsPerEpoch">How long a run is for the rate that nobody gave; by default a long one.</param>
    public static EffectiveOptions Of(TrainingOptions options, EffectiveAdapters? adapters, Machine machine, int maxLength, RunRules rules,
        double stepsPerEpoch = double.PositiveInfinity) => new()
        {
            Model = options.Model,
            BaseName = options.BaseName ?? ModelName.Of(options.Model),
            Train = options.Train,
            Validation = options.Validation,
            Test = options.Test,
            TrainLimit = options.TrainLimit,
            Split = options.Split,
            Method = options.Method,
            Phases = PhasesOf(options, rules, stepsPerEpoch),
            Adapters = adapters,
            Batch = options.BatchTokens is null
            ? new BatchSize(options.BatchSize ?? LearningDefaults.BatchSize, null)
            : new BatchSize(null, options.BatchTokens),
            GradientAccumulation = options.GradientAccumulation,
            MaxLength = maxLength,
            Truncate = options.Truncate,
            WeightDecay = options.WeightDecay,
            Warmup = options.Warmup,
            Clip = options.Clip,
            LabelSmoothing = options.LabelSmoothing,
            Sampling = options.Sampling,
            Dropout = options.Dropout,
            AttentionDropout = options.AttentionDropout,
            Patience = options.Patience,
            Seed = options.Seed,
            CheckpointSeconds = options.CheckpointSeconds,
            FeatureCacheGib = options.FeatureCacheGib,
            Machine = machine,
            Rules = rules,
        };

    /// <summary>The phases in their order.</summary>
    public static IReadOnlyList<IPhase> PhasesOf(TrainingOptions options, RunRules rules, double stepsPerEpoch = double.PositiveInfinity)
    {
        var epochs = options.Epochs ?? LearningDefaults.Epochs(options.Method);
        var steps = rules.ShortRunsAreFaster ? (options.LoraEpochs ?? epochs) * stepsPerEpoch : double.PositiveInfinity;
        var adapter = options.LearningRate ?? LearningDefaults.AdapterRate(options.Rank, steps);
        var (evaluations, ofHead) =
            (options.EvalPerEpoch ?? LearningDefaults.EvaluationsPerEpoch, options.EvalPerEpoch ?? LearningDefaults.HeadEvaluationsPerEpoch);
        var afterwards = options.HeadLearningRate ?? LearningDefaults.HeadRate;
        return options switch
        {
            { LoraEpochs: { } first, HeadEpochs: { } second } =>
                [new AdapterPhase(first, evaluations, adapter), new HeadPhase(second, ofHead, afterwards, OnAdapters: true)],
            { Method: TrainingMethod.Lora } => [new AdapterPhase(epochs, evaluations, adapter)],
            { Method: TrainingMethod.Head } =>
                [new HeadPhase(epochs, ofHead, options.HeadLearningRate ?? options.LearningRate ?? LearningDefaults.HeadRate, OnAdapters: false)],
            { HeadLearningRate: 0 } when rules.HeadOfRateZeroIsFrozen => [new AdapterPhase(epochs, evaluations, adapter)],
            _ => [new JointPhase(epochs, evaluations, adapter, options.HeadLearningRate ?? adapter)],
        };
    }
}

/// <summary>The adapters that are trained.</summary>
internal sealed record EffectiveAdapters
{
    /// <summary>Inner width of A and B.</summary>
    public required int Rank { get; init; }

    /// <summary>The update is scaled by alpha/rank.</summary>
    public required double Alpha { get; init; }

    /// <summary>Ends of the names of the linear modules that get adapters.</summary>
    public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>True where the head is trained in full, so that none of it is adapted.</summary>
    [JsonIgnore]
    public bool HeadIsTrained { get; init; }

    /// <summary>Dropout of the input of A.</summary>
    public required double Dropout { get; init; }

    /// <summary>How A starts.</summary>
    public required AdapterInitialization Init { get; init; }

    /// <summary>Scale by alpha/sqrt(rank) instead.</summary>
    public required bool Rslora { get; init; }

    /// <summary>Name of the kind of all adapters.</summary>
    public required string AdapterKind { get; init; }

    /// <summary>The kind.</summary>
    [JsonIgnore]
    public ILinearAdapter Kind => LinearAdapters.Named(AdapterKind)!; // the option takes no other name

    /// <summary>B learns this many times faster than A.</summary>
    public required double LoraPlusRatio { get; init; }

    /// <summary>The options of adapters, with every choice made.</summary>
    /// <exception cref="InputException">A target matches nothing in the model.</exception>
    public static EffectiveAdapters Of(TrainingOptions options, ModelConfig config)
    {
        _ = AdapterTargets.Modules(config.Layout, options.Targets, options.TrainsHead); // told before anything is computed
        return new EffectiveAdapters
        {
            Rank = options.Rank,
            Alpha = options.Alpha ?? 2 * options.Rank,
            Targets = AdapterTargets.Resolve(config.Layout, options.Targets, options.TrainsHead),
            HeadIsTrained = options.TrainsHead,
            Dropout = options.LoraDropout,
            Init = options.Init,
            Rslora = options.Rslora,
            AdapterKind = options.AdapterKind,
            LoraPlusRatio = options.LoraPlusRatio,
        };
    }
}
