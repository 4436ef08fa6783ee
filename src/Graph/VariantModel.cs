using Google.Protobuf;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Graph;

/// <summary>A serving-shaped graph that takes adapters, and the base's tensors that these are measured against.</summary>
public sealed class VariantModel
{
    private VariantModel(byte[] graph, KernelModel? kernels, IReadOnlyDictionary<string, float[]> tensors) =>
        (Graph, Kernels, Tensors) = (graph, kernels, tensors);

    /// <summary>The graph for a session that knows the operators of <see cref="VariantNodes"/>.</summary>
    public byte[] Graph { get; }

    /// <summary>The same where blocks are computed by kernels, else null.</summary>
    public KernelModel? Kernels { get; }

    /// <summary>The tensors of <see cref="VariantNodes.Tensors"/>, in fp32.</summary>
    public IReadOnlyDictionary<string, float[]> Tensors { get; }

    /// <summary>The model of weights in memory.</summary>
    public static VariantModel Of(ModelWeights weights, Precision precision)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Of(weights.Config, WeightSet.Of(weights), precision);
    }

    /// <summary>The model of weights in a precision that can be made of theirs.</summary>
    internal static VariantModel Of(ModelConfig config, WeightSet weights, Precision precision)
    {
        var set = weights.To(precision == Precision.Bf16 ? Precision.Fp32 : precision, config);
        var tensors = VariantNodes.Tensors(config.Layout).ToDictionary(
            spec => spec.Key, spec => LoraOnnx.Graph.Tensors.Values<float>(set[spec.Key]).ToArray(), StringComparer.Ordinal);
        return new VariantModel(ServingGraph.Build(config, set, takesVariants: true).ToByteArray(), null, tensors);
    }
}
