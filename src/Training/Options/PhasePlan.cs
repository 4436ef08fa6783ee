using LoraOnnx.Training.Loop;

namespace LoraOnnx.Training.Options;

/// <summary>A phase of the run as the options ask for it.</summary>
/// <param name="Name"><c>lora</c>, <c>head</c> or <c>lora+head</c>: what learns.</param>
/// <param name="Epochs">Passes over the training texts.</param>
/// <param name="Peak">Peak learning rates.</param>
internal sealed record PhasePlan(string Name, int Epochs, LearningRates Peak)
{
    /// <summary>True when only the head learns: on features, with the encoder frozen.</summary>
    public bool IsHeadAlone => Name == "head";

    /// <summary>The phases in their order.</summary>
    public static IReadOnlyList<PhasePlan> Of(TrainingOptions options)
    {
        var adapter = options.LearningRate ?? LearningDefaults.AdapterRate(options.Rank);
        var epochs = options.Epochs ?? LearningDefaults.Epochs(options.Method);
        if (options is { LoraEpochs: { } first, HeadEpochs: { } second })
        {
            return [new("lora", first, new(adapter, 0)), new("head", second, new(0, options.HeadLearningRate ?? LearningDefaults.HeadRate))];
        }

        return options.Method switch
        {
            TrainingMethod.Lora => [new("lora", epochs, new(adapter, 0))],
            TrainingMethod.Head => [new("head", epochs, new(0, options.HeadLearningRate ?? options.LearningRate ?? LearningDefaults.HeadRate))],
            _ => [new("lora+head", epochs, new(adapter, options.HeadLearningRate ?? adapter))],
        };
    }
}
