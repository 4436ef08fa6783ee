using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using LoraOnnx.Graph.Onnx;

namespace LoraOnnx.Graph;

/// <summary>
/// What a graph computes, as a hash: operators, attributes, how values flow, small constants by their numbers, weights by name, type and shape.
/// Names of nodes and of values in between do not count, nor do the weights' numbers.
/// </summary>
internal static class GraphIdentity
{
    /// <summary>Constants up to this many bytes are part of the graph (scales, axes, epsilons), larger ones are weights.</summary>
    private const int LargestConstant = 128;

    private const int LongestDescription = 1000;

    /// <summary>SHA-256 in lower-case hexadecimal.</summary>
    public static string Hash(ModelProto model)
    {
        var text = new StringBuilder();
        foreach (var opset in model.OpsetImport.OrderBy(opset => opset.Domain, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"opset {opset.Domain} {opset.Version}\n");
        }

        foreach (var function in model.Functions)
        {
            text.Append(CultureInfo.InvariantCulture, $"function {Digest(function.ToByteArray())}\n");
        }

        Append(text, model.Graph, new GraphScope(null));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Of a graph, or of a branch of one, which sees the <paramref name="values"/> around it: what each name stands for.</summary>
    private static void Append(StringBuilder text, GraphProto graph, GraphScope values, bool isBranch = false)
    {
        foreach (var input in graph.Input)
        {
            var name = Quote(input.Name);
            values[input.Name] = name;
            text.Append(CultureInfo.InvariantCulture, $"input {name} {Digest(input.Type?.ToByteArray() ?? [])}\n");
        }

        foreach (var tensor in graph.Initializer)
        {
            values[tensor.Name] = Describe(tensor);
        }

        foreach (var tensor in graph.SparseInitializer)
        {
            values[tensor.Values.Name] = $"sparse {Digest(tensor.ToByteArray())}";
        }

        foreach (var node in graph.Node)
        {
            Append(text, node, values);
        }

        foreach (var output in graph.Output)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"output {(isBranch ? "" : Quote(output.Name))} {output.Type?.TensorType?.ElemType} {values.Find(output.Name) ?? "?"}\n");
        }
    }

    private static void Append(StringBuilder text, NodeProto node, GraphScope values)
    {
        var inputs = node.Input.Select(input => values.Find(input) ?? Quote(input));
        text.Append(CultureInfo.InvariantCulture, $"{node.Domain}:{node.OpType}:{node.Overload} {string.Join(", ", inputs)}\n");
        foreach (var attribute in node.Attribute.OrderBy(attribute => attribute.Name, StringComparer.Ordinal))
        {
            if (attribute.G is { } branch)
            {
                text.Append(CultureInfo.InvariantCulture, $" {attribute.Name} {{\n");
                Append(text, branch, new GraphScope(values), isBranch: true);
                text.Append(" }\n");
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $" {Digest(attribute.ToByteArray())}\n");
            }
        }

        foreach (var (place, output) in node.Output.Index())
        {
            values[output] = $"#{values.Count}.{place}"; // counts up with every value, so no two are alike
        }
    }

    private static string Describe(TensorProto tensor)
    {
        var isConstant = !tensor.HasRawData || tensor.RawData.Length <= LargestConstant;
        var form = $"{tensor.DataType} [{string.Join(',', tensor.Dims)}]";
        var described = isConstant && !IsParameter(tensor) ? $"constant {form} {Digest(Numbers(tensor))}" : $"weight {Quote(tensor.Name)} {form}";
        return described.Length <= LongestDescription ? described : $"long {Digest(Encoding.UTF8.GetBytes(described))}"; // nodes repeat it
    }

    /// <summary>Small weights (a bias of a few classes) are weights too: those that checkpoints name.</summary>
    private static bool IsParameter(TensorProto tensor) => tensor.Name.Contains('.', StringComparison.Ordinal) && tensor.HasRawData;

    private static byte[] Numbers(TensorProto tensor) =>
        tensor.HasRawData ? tensor.RawData.ToByteArray() : new TensorProto(tensor) { Name = "", DocString = "" }.ToByteArray();

    private static string Digest(byte[] bytes) => bytes.Length == 0 ? "-" : Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>A name that nothing in it can end.</summary>
    private static string Quote(string name) => $"'{name.Length}:{name}'";
}
