using Google.Protobuf;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Checkpoints;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Rounding;

/// <summary>The serving graph in fp32 that says how large the inputs of its matrices get: an output for each <see cref="MatrixGroup"/>, by its name,
/// the largest size of each channel over all tokens.</summary>
public sealed class InputRangesModel
{
    private InputRangesModel(byte[] graph, IReadOnlyList<string> outputs) => (Graph, Outputs) = (graph, outputs);

    /// <summary>For a session; inputs are <see cref="PackedInputs.All"/>.</summary>
    public byte[] Graph { get; }

    /// <summary>Names of outputs and groups.</summary>
    public IReadOnlyList<string> Outputs { get; }

    /// <summary>Of weights in memory.</summary>
    public static InputRangesModel Of(ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var model = ServingGraph.Build(weights.Config, WeightSet.Of(weights));
        model.Graph.Initializer.Add(Tensors.Int64("ranges/axis", [0]));
        var groups = MatrixGroup.Of(weights.Config.Layout);
        foreach (var group in groups)
        {
            var input = model.Graph.Node.Single(node => node.OpType == "Gemm" && node.Input[1] == group.ReadsEveryToken.Weight).Input[0];
            var output = Name(group);
            model.Graph.Node.Add(new NodeProto { OpType = "Abs", Input = { input }, Output = { $"{output}/sizes" } });
            model.Graph.Node.Add(new NodeProto
            {
                OpType = "ReduceMax",
                Input = { $"{output}/sizes", "ranges/axis" },
                Output = { output },
                Attribute = { GraphBuilder.Int("keepdims", 0) },
            });
            model.Graph.Output.Add(new ValueInfoProto
            {
                Name = output,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
            });
        }

        return new InputRangesModel(model.ToByteArray(), [.. groups.Select(group => group.Name)]);
    }

    /// <summary>The graph's name for a group's output.</summary>
    public static string OutputOf(string group) => $"ranges/{group}";

    private static string Name(MatrixGroup group) => OutputOf(group.Name);
}
