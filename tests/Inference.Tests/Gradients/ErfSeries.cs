using LoraOnnx.Graph.Onnx;

namespace LoraOnnx.Inference.Tests.Gradients;

/// <summary>
/// ONNX Runtime has no Erf in double. In its place: erf(x) = x·(2/√π)·exp(−x²)·Σ (2x²)ᵏ/(3·5·…·(2k + 1)), to 60 terms good to 1e-14 up to |x| = 4.
/// </summary>
internal static class ErfSeries
{
    private const int Terms = 60;

    public static void Replace(GraphProto graph)
    {
        var nodes = graph.Node.ToList();
        graph.Node.Clear();
        foreach (var node in nodes)
        {
            graph.Node.Add(node.OpType == "Erf" ? Series(graph, node.Input[0], node.Output[0]) : [node]);
        }
    }

    private static List<NodeProto> Series(GraphProto graph, string x, string erf)
    {
        var nodes = new List<NodeProto>();
        var square = Node("Mul", x, x);
        var sum = Number(1);
        for (var k = Terms; k >= 1; k--)
        {
            sum = Node("Add", Node("Mul", sum, Node("Mul", square, Number(2.0 / ((2 * k) + 1)))), Number(1));
        }

        var bell = Node("Mul", Node("Exp", Node("Neg", square)), Number(2 / Math.Sqrt(Math.PI)));
        nodes.Add(new NodeProto { OpType = "Mul", Input = { Node("Mul", sum, bell), x }, Output = { erf } });
        return nodes;

        string Node(string op, params string[] inputs)
        {
            nodes.Add(new NodeProto { OpType = op, Input = { inputs }, Output = { $"{erf}/{nodes.Count}" } });
            return nodes[^1].Output[0];
        }

        string Number(double value)
        {
            graph.Initializer.Add(Graph.Tensors.Scalar($"{erf}/number{graph.Initializer.Count}", TensorProto.Types.DataType.Double, value));
            return graph.Initializer[^1].Name;
        }
    }
}
