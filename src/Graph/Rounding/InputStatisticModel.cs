using Google.Protobuf;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Checkpoints;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Rounding;

/// <summary>What is asked of the inputs x [tokens, channels] that matrices read.</summary>
public enum InputStatistic
{
    /// <summary>The largest size of each channel over all tokens [channels].</summary>
    LargestSizes,

    /// <summary>xᵀ·x [channels, channels].</summary>
    Moments,
}

/// <summary>The serving graph in fp32 that says something of the inputs of its matrices: an output for each <see cref="MatrixGroup"/>.</summary>
public sealed class InputStatisticModel
{
    private InputStatisticModel(byte[] graph, IReadOnlyList<string> groups) => (Graph, Groups) = (graph, groups);

    /// <summary>For a session; inputs are <see cref="PackedInputs.All"/>.</summary>
    public byte[] Graph { get; }

    /// <summary>Names of groups.</summary>
    public IReadOnlyList<string> Groups { get; }

    /// <summary>Of weights in memory.</summary>
    public static InputStatisticModel Of(ModelWeights weights, IReadOnlyList<MatrixGroup> groups, InputStatistic statistic)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(groups);
        var model = ServingGraph.Build(weights.Config, WeightSet.Of(weights));
        model.Graph.Initializer.Add(Tensors.Int64("statistic/axis", [0]));
        foreach (var group in groups)
        {
            var input = model.Graph.Node.Single(node => node.OpType == "Gemm" && node.Input[1] == group.ReadsEveryToken.Weight).Input[0];
            model.Graph.Node.Add(Nodes(statistic, input, OutputOf(group.Name)));
            model.Graph.Output.Add(new ValueInfoProto
            {
                Name = OutputOf(group.Name),
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
            });
        }

        return new InputStatisticModel(model.ToByteArray(), [.. groups.Select(group => group.Name)]);
    }

    /// <summary>The graph's name for a group's output.</summary>
    public static string OutputOf(string group) => $"statistic/{group}";

    private static IEnumerable<NodeProto> Nodes(InputStatistic statistic, string input, string output) => statistic switch
    {
        InputStatistic.Moments =>
            [new NodeProto { OpType = "Gemm", Input = { input, input }, Output = { output }, Attribute = { GraphBuilder.Int("transA", 1) } }],
        _ =>
        [
            new NodeProto { OpType = "Abs", Input = { input }, Output = { $"{output}/sizes" } },
            new NodeProto
            {
                OpType = "ReduceMax",
                Input = { $"{output}/sizes", "statistic/axis" },
                Output = { output },
                Attribute = { GraphBuilder.Int("keepdims", 0) },
            },
        ],
    };
}
