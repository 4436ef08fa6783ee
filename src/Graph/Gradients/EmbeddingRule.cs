using LoraOnnx.Graph.Onnx;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// y = E[i], the rows of E [rows, H] that i [n] names: dE = a matrix like E to whose row i of each y its dy is added. Also of the [CLS] rows that
/// the last layer asks for.
/// </summary>
internal static class EmbeddingRule
{
    /// <summary>y.</summary>
    public static string Output(GradientScope scope, string table, string rows) => scope.Node("Gather", "y", [table, rows]);

    /// <summary>dE, added to <paramref name="addTo"/> [rows, H].</summary>
    public static string Table(GradientScope scope, string dy, string rows, string addTo)
    {
        var places = scope.Node("Unsqueeze", "places", [scope.Node("Cast", "rows", [rows],
            GraphBuilder.Int("to", (long)TensorProto.Types.DataType.Int64)), scope.Graph.Int64s(1)]);
        var add = new AttributeProto
        {
            Name = "reduction",
            S = Google.Protobuf.ByteString.CopyFromUtf8("add"),
            Type = AttributeProto.Types.AttributeType.String,
        };
        return scope.Node("ScatterND", "dE", [addTo, places, dy], add);
    }
}
