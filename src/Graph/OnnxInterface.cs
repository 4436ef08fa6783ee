using LoraOnnx.Graph.Onnx;

namespace LoraOnnx.Graph;

/// <summary>An input or output of an ONNX file: its element type as ONNX names it (<c>INT64</c>), and each axis, a number where it is
/// fixed.</summary>
public sealed record OnnxValue(string Name, string Type, IReadOnlyList<long?> Axes);

/// <summary>What an ONNX file takes and gives, and what it asks of a runtime.</summary>
public sealed record OnnxInterface(IReadOnlyList<OnnxValue> Inputs, IReadOnlyList<OnnxValue> Outputs, long Opset, long IrVersion)
{
    /// <summary>
    /// Operators that round activations with one scale for all that runs together, by number of nodes: a text's logits then depend on what it is
    /// batched with.
    /// </summary>
    public required IReadOnlyDictionary<string, int> BatchDependent { get; init; }

    internal static OnnxInterface Of(ModelProto model)
    {
        // before IR version 4 they are inputs too
        var constants = model.Graph.Initializer.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        return new OnnxInterface(
            [.. model.Graph.Input.Where(input => !constants.Contains(input.Name)).Select(Describe)],
            [.. model.Graph.Output.Select(Describe)],
            model.OpsetImport.FirstOrDefault(opset => opset.Domain is "" or "ai.onnx")?.Version ?? 0, model.IrVersion)
        {
            BatchDependent = Nodes(model.Graph)
                .Where(node => node.OpType is "DynamicQuantizeLinear" or "DynamicQuantizeMatMul" or "DynamicQuantizeLSTM")
                .CountBy(node => node.OpType).ToDictionary(StringComparer.Ordinal),
        };
    }

    private static OnnxValue Describe(ValueInfoProto value)
    {
        var tensor = value.Type?.TensorType;
        return new OnnxValue(value.Name, ((TensorProto.Types.DataType)(tensor?.ElemType ?? 0)).ToString().ToUpperInvariant(),
            [.. tensor?.Shape?.Dim.Select(axis => axis.HasDimValue && axis.DimValue > 0 ? axis.DimValue : (long?)null) ?? []]);
    }

    private static IEnumerable<NodeProto> Nodes(GraphProto graph) => graph.Node.Concat(
        graph.Node.SelectMany(node => node.Attribute)
            .SelectMany(attribute => (attribute.G is { } branch ? [branch] : Enumerable.Empty<GraphProto>()).Concat(attribute.Graphs)
                .SelectMany(Nodes)));
}
