using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Training.Onnx;

/// <summary>Training with ONNX Runtime as it is for inference: loss and gradients are one graph, the optimizer is .NET. Computes in fp32.</summary>
internal sealed class OnnxEngine : ITrainingEngine
{
    /// <summary>Its name.</summary>
    public const string EngineName = "onnx";

    private OnnxEngine(Machine machine) => Machine = machine;

    /// <inheritdoc/>
    public string Name => EngineName;

    /// <inheritdoc/>
    public Machine Machine { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Libraries { get; } = new Dictionary<string, string>
    {
        ["onnxruntime"] = OrtEnv.Instance().GetVersionString(),
    };

    /// <summary>Chooses what the wish leaves open.</summary>
    /// <exception cref="InputException">A GPU is asked for and there is none, or a type that this engine does not compute in.</exception>
    public static OnnxEngine Start(MachineWish wish)
    {
        if (wish.Precision is { } precision and not BasePrecision.Fp32)
        {
            throw new InputException($"--precision is {EnumNames.Of(precision)}, and --engine onnx computes in fp32.",
                "leave --precision out, or use --engine torch.");
        }

        if (wish.Device == ComputeDevice.Cuda)
        {
            RuntimeDevice.CreateSettings(new InferenceOptions { Device = ComputeDevice.Cuda }).Dispose(); // or says what is missing
        }

        var kind = wish.Device ?? (RuntimeDevice.WhyNotCuda() is null ? ComputeDevice.Cuda : ComputeDevice.Cpu);
        return new OnnxEngine(new Machine(kind, BasePrecision.Fp32, wish.Threads ?? Environment.ProcessorCount));
    }

    /// <inheritdoc/>
    public IEncoder Encoder(ModelWeights weights, LoraAdapter? adapter, BasePrecision precision) => new FrozenModel(weights, adapter, Machine);

    /// <inheritdoc/>
    public ILearner<PackedBatch> Adapters(ModelWeights weights, AdapterPlan plan, LearnerOptions options) =>
        new AdapterLearner(weights, plan, options, Machine);

    /// <inheritdoc/>
    public ILearner<FeatureBatch> Head(ModelWeights weights, LearnerOptions options) => new HeadLearner(weights, options, Machine);
}
