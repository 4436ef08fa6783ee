using LoraOnnx.Model.Adapters.Kinds;

namespace LoraOnnx.Training.Options;

/// <summary>The published experiment ("LoRA from scratch" on DistilBERT and IMDB): <c>--preset original</c>.</summary>
internal static class OriginalPreset
{
    /// <summary>The name on the command line.</summary>
    public const string Name = "original";

    /// <summary>10,000 reviews of the seed-42 shuffle for training, the next 1,000 for validation, ten evaluations in fifteen epochs.</summary>
    public static TrainingOptions Options { get; } = new()
    {
        Seed = 42,
        Split = SplitKind.Shuffle,
        TrainLimit = 10_000,
        Validation = "1000",
        LearningRate = 2e-5,
        BatchSize = 32,
        Epochs = 15,
        EvalPerEpoch = 10.0 / 15,
        WeightDecay = 0.01,
        Warmup = 0,
        Clip = 1.0,
        Alpha = 1,
        Init = AdapterInitialization.Original,
        Dropout = true,
        AttentionDropout = true,
    };

    /// <summary>The preset beside the options <paramref name="given"/> on the command line: where one of them stands in place of a value of it, that
    /// value is not asked for.</summary>
    public static TrainingOptions Beside(IReadOnlyList<string> given) => Options with
    {
        Epochs = given.Contains("--lora-epochs") || given.Contains("--head-epochs") ? null : Options.Epochs,
        BatchSize = given.Contains("--batch-tokens") ? null : Options.BatchSize,
    };
}
