using System.Globalization;
using LoraOnnx.Graph.Onnx;
using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// Where a differentiation rule writes its nodes: a graph of at least opset 18, its float type, and what all names begin with. Letters in the rules:
/// d before a value is the derivative of the loss by it; n rows, T tokens of all texts, H width.
/// </summary>
internal sealed record GradientScope(GraphBuilder Graph, TensorProto.Types.DataType FloatType, string Name)
{
    /// <summary>The same graph under a longer name.</summary>
    public GradientScope In(string part) => this with { Name = $"{Name}/{part}" };

    /// <summary>Adds a node named after its output, inside this scope.</summary>
    public string Node(string op, string output, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes) =>
        Graph.Node(op, $"{Name}/{output}", inputs, attributes);

    /// <summary>A number in the graph's float type, named after itself.</summary>
    public string Number(double value) =>
        Graph.Initializer(Tensors.Scalar(string.Create(CultureInfo.InvariantCulture, $"number[{value:R}]"), FloatType, value));

    /// <summary>The sums of each column [width] of a matrix [n, width].</summary>
    public string SumOfRows(string output, string x) => Node("ReduceSum", output, [x, Graph.Int64s(0)], Int("keepdims", 0));

    /// <summary>The sums over the last axis, which stays with length 1.</summary>
    public string SumOfLast(string output, string x) => Node("ReduceSum", output, [x, Graph.Int64s(-1)], Int("keepdims", 1));

    /// <summary>The means over the last axis, which stays with length 1.</summary>
    public string MeanOfLast(string output, string x) => Node("ReduceMean", output, [x, Graph.Int64s(-1)], Int("keepdims", 1));
}
