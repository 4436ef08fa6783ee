using Google.Protobuf;
using LoraOnnx.Graph.Rounding;
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
    /// <param name="weights">The base.</param>
    /// <param name="precision">What its layers compute in.</param>
    /// <param name="usesKernels">Whether blocks are computed by kernels.</param>
    /// <param name="plan">What an 8-bit precision leaves as it is, and how it smooths.</param>
    public static VariantModel Of(ModelWeights weights, Precision precision, bool usesKernels = false, RoundingPlan? plan = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Of(weights.Config, WeightSet.OnCpu(weights, precision, plan), precision, usesKernels);
    }

    /// <summary>The model of weights in a precision that can be made of theirs.</summary>
    internal static VariantModel Of(ModelConfig config, WeightSet weights, Precision precision, bool usesKernels)
    {
        var set = weights.To(PrecisionName.OnCpu(precision), config);
        var tensors = VariantNodes.Tensors(config.Layout).ToDictionary(
            spec => spec.Key, spec => LoraOnnx.Graph.Tensors.Values<float>(set[spec.Key]).ToArray(), StringComparer.Ordinal);
        var kernels = usesKernels ? KernelModel.Of(config, set, takesVariants: true) : null;
        return new VariantModel(kernels?.Graph ?? ServingGraph.Build(config, set, takesVariants: true).ToByteArray(), kernels, tensors);
    }
}
