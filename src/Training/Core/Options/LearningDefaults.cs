using LoraOnnx.Model.Runs;

namespace LoraOnnx.Training.Options;

/// <summary>Values that depend on the method and rank; docs/training.md shows the sweep they come from.</summary>
internal static class LearningDefaults
{
    /// <summary>Peak rate of the head, trained alone on features or after the adapters.</summary>
    public const double HeadRate = 1e-3;

    /// <summary>Texts in a batch.</summary>
    public const int BatchSize = 16;

    /// <summary>Longest input in tokens, if the model allows as much.</summary>
    public const int MaxLength = 512;

    /// <summary>Evaluations in an epoch of adapters.</summary>
    public const double EvaluationsPerEpoch = 2;

    /// <summary>A head's epoch on features is over in no time.</summary>
    public const double HeadEvaluationsPerEpoch = 1;

    /// <summary>A head on features costs next to nothing an epoch.</summary>
    public static int Epochs(TrainingMethod method) => method == TrainingMethod.Head ? 15 : 3;

    /// <summary>A run of fewer steps is a short one.</summary>
    public const int ShortRunSteps = 150;

    /// <summary>Peak rate of the adapters in a short run, which is over before a lower one has got anywhere; the same for every rank.</summary>
    public const double ShortRunRate = 1.5e-3;

    /// <summary>Peak rate of the adapters: smaller ranks bear larger steps.</summary>
    public static double AdapterRate(int rank, double steps) => steps < ShortRunSteps ? ShortRunRate : rank switch
    {
        <= 2 => 1e-3,
        <= 8 => 5e-4,
        <= 32 => 4e-4,
        _ => 3e-4,
    };
}
