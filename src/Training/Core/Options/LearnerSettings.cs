using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Options;

/// <summary>The options in the words of a learner.</summary>
internal static class LearnerSettings
{
    /// <summary>All but whether the head is trained, which differs from phase to phase.</summary>
    public static LearnerOptions Of(EffectiveOptions options) => new()
    {
        Precision = options.Machine.Precision,
        Seed = options.Seed,
        Rules = options.Rules,
        BodyDropout = options.Dropout,
        AttentionDropout = options.AttentionDropout,
        LabelSmoothing = options.LabelSmoothing,
        ClassWeights = options.ClassWeights,
        Optimizer = new OptimizerConstants { WeightDecay = options.WeightDecay, ClipNorm = options.Clip },
    };
}
