using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>Learners on the processor, as the tests want them.</summary>
internal static class Learners
{
    /// <summary>No adapters: the head alone learns, through the encoder.</summary>
    public static AdapterPlan NoAdapters { get; } = new() { Modules = [] };

    public static AdapterLearner Of(ModelWeights weights, AdapterPlan plan, LearnerOptions options) => new(weights, plan, options, TorchDevice.Cpu);
}
