using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Onnx;
using LoraOnnx.Training.Steps;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>Every engine under its name, on the processor in fp32: what holds of one holds of all.</summary>
internal static class Engines
{
    private static readonly Machine _machine = new(ComputeDevice.Cpu, BasePrecision.Fp32, 2);

    public static readonly string[] All = [TorchEngine.EngineName, OnnxEngine.EngineName];

    public static ILearner<PackedBatch> Adapters(
        string engine, ModelWeights weights, AdapterPlan plan, LearnerOptions options, LoraAdapter? initial = null) =>
        engine == TorchEngine.EngineName
            ? new Torch.AdapterLearner(weights, plan, options, TorchDevice.Cpu, initial)
            : new Onnx.AdapterLearner(weights, plan, options, _machine, initial);

    public static ILearner<FeatureBatch> Head(string engine, ModelWeights weights, LearnerOptions options) => engine == TorchEngine.EngineName
        ? new Torch.HeadLearner(weights, options, TorchDevice.Cpu)
        : new Onnx.HeadLearner(weights, options, _machine);

    public static IEncoder Encoder(string engine, ModelWeights weights, LoraAdapter? adapter = null) => engine == TorchEngine.EngineName
        ? new FrozenNetwork(weights, adapter, BasePrecision.Fp32, TorchDevice.Cpu)
        : new FrozenModel(weights, adapter, _machine);

    public static StepResult Step(this ILearner<PackedBatch> learner, PackedBatch[] parts, double rate) =>
        learner.Step(parts, new LearningRates(rate, rate));
}
