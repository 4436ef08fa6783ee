using LoraOnnx.Model.Configuration;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Learning;

/// <summary>What a step's loss is divided by.</summary>
internal static class LossWeight
{
    /// <summary>The texts, or where classes have weights the weights of the texts' classes.</summary>
    public static double Of(IEnumerable<IReadOnlyList<int>> labels, ModelConfig config, LearnerOptions options) =>
        config.Task.IsMultiLabel || options.ClassWeights is not { } weights ? labels.Count() : labels.Sum(label => weights[label[0]]);
}
