using Google.Protobuf;
using LoraOnnx.Graph.Gradients;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Graph;

/// <summary>Writes the ONNX files of this toolkit.</summary>
public static class OnnxModelFile
{
    /// <summary>The operator set of a file unless another is asked for.</summary>
    public const int DefaultOpset = 18;

    /// <summary>The first operator set that has every operator in the form used here.</summary>
    public const int LowestOpset = 14;

    /// <summary>The last operator set that these graphs were checked with.</summary>
    public const int HighestOpset = 21;

    /// <summary>A protobuf message ends at 2 GiB; the margin is for everything that is not a weight.</summary>
    internal const long LargestWeights = int.MaxValue - (16L << 20);

    /// <summary>Writes the portable graph of <paramref name="weights"/>; in fp32 and fp16 of standard operators only.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="weights">What of.</param>
    /// <param name="opset">Version of the operators.</param>
    /// <param name="metadata">What the file says of itself.</param>
    /// <param name="precision">Of the layers' weights.</param>
    /// <param name="takesTokenTypes">Whether a model with several token types takes them as a third input, as optimum's files do.</param>
    /// <param name="plan">Which matrices an 8-bit form leaves as they are, and how it smooths the inputs of the others.</param>
    /// <exception cref="InputException">The weights do not fit into one ONNX file, or not into fp16.</exception>
    public static void Write(Stream stream, ModelWeights weights, int opset, IEnumerable<KeyValuePair<string, string>> metadata,
        Precision precision = Precision.Fp32, bool takesTokenTypes = false, RoundingPlan? plan = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfLessThan(opset, LowestOpset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(opset, HighestOpset);
        var set = (takesTokenTypes ? WeightSet.WithTokenTypes(weights) : WeightSet.Of(weights)).To(precision, weights.Config, plan);
        CheckSize(set);
        var model = PortableGraph.Build(weights.Config, set, opset, metadata.Concat(OnnxMetadata.OfGraph(weights.Config)));
        model.MetadataProps.Add(new StringStringEntryProto { Key = OnnxMetadata.GraphHash, Value = GraphIdentity.Hash(model) });
        model.WriteTo(stream);
    }

    /// <summary>Writes the portable graph of a base that takes adapters as optional inputs, in fp32.</summary>
    /// <exception cref="InputException">The weights do not fit into one ONNX file.</exception>
    public static void WriteWithSlots(
        Stream stream, ModelWeights weights, AdapterSlots slots, int opset, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var set = WeightSet.Of(weights);
        CheckSize(set);
        PortableGraph.Build(weights.Config, set, opset, metadata, slots).WriteTo(stream);
    }

    /// <summary>The serving-shaped model of weights in memory, for a session.</summary>
    public static byte[] ServingModel(ModelWeights weights, Precision precision = Precision.Fp32, RoundingPlan? plan = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return ServingGraph.Build(weights.Config, WeightSet.OnCpu(weights, precision, plan)).ToByteArray();
    }

    /// <summary>The graph that explains (<see cref="ExplanationInputs"/>), of weights in memory.</summary>
    public static byte[] ExplainingModel(ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return ExplanationGraph.Build(weights.Config, WeightSet.Of(weights)).ToByteArray();
    }

    private static void CheckSize(WeightSet weights)
    {
        var bytes = weights.All.Sum(tensor => (long)tensor.RawData.Length);
        if (bytes > LargestWeights)
        {
            throw new InputException($"the model's weights have {bytes >> 20} MiB; an ONNX file holds less than 2,048 MiB.",
                "--precision fp16 or int8 makes a smaller file.");
        }
    }
}
