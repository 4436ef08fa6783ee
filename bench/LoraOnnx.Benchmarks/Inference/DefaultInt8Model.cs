using Google.Protobuf;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Onnx;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Benchmarks.Inference;

/// <summary>
/// What ONNX Runtime's <c>quantize_dynamic</c> makes of the linears of a portable file by default: signed weights with one scale a matrix,
/// activations with one scale a batch. Embeddings, which it rounds too, cost no time and are left.
/// </summary>
internal static class DefaultInt8Model
{
    public static byte[] Of(string portable)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(portable));
        var (graph, rounded) = (model.Graph, new HashSet<string>());
        var weights = graph.Initializer.ToDictionary(tensor => tensor.Name);
        NodeProto[] nodes = [.. graph.Node];
        graph.Node.Clear();
        foreach (var node in nodes)
        {
            if (node.OpType != "Gemm")
            {
                graph.Node.Add(node);
                continue;
            }

            var (x, weight, bias, y) = (node.Input[0], node.Input[1], node.Input[2], node.Output[0]);
            graph.Initializer.Remove(weights[weight]);
            graph.Initializer.Add(Rounded(weights[weight]));
            if (rounded.Add(x)) // once for queries, keys and values
            {
                Add("DynamicQuantizeLinear", [x], $"{x}/codes", $"{x}/scale", $"{x}/zero");
            }

            Add("MatMulInteger", [$"{x}/codes", $"{weight}/codes", $"{x}/zero", $"{weight}/zero"], $"{y}/sums");
            Add("Cast", [$"{y}/sums"], $"{y}/floats");
            graph.Node[^1].Attribute.Add(GraphBuilder.Int("to", (long)DataType.Float));
            Add("Mul", [$"{x}/scale", $"{weight}/scale"], $"{y}/scale");
            Add("Mul", [$"{y}/floats", $"{y}/scale"], $"{y}/product");
            Add("Add", [$"{y}/product", bias], y);
        }

        return model.ToByteArray();

        void Add(string type, string[] inputs, params string[] outputs) =>
            graph.Node.Add(new NodeProto { OpType = type, Name = outputs[0], Input = { inputs }, Output = { outputs } });

        TensorProto Rounded(TensorProto weight)
        {
            var (outputs, inputs) = ((int)weight.Dims[0], (int)weight.Dims[1]);
            var values = Tensors.Values<float>(weight);
            var scale = 0f;
            foreach (var value in values)
            {
                scale = MathF.Max(scale, MathF.Abs(value) / 127);
            }

            var codes = new sbyte[inputs * outputs]; // [inputs, outputs]
            for (var i = 0; i < codes.Length; i++)
            {
                codes[(i % inputs * outputs) + (i / inputs)] = (sbyte)MathF.Round(values[i] / scale);
            }

            graph.Initializer.Add(Tensors.Scalar($"{weight.Name}/scale", DataType.Float, scale));
            graph.Initializer.Add(new TensorProto
            {
                Name = $"{weight.Name}/zero",
                DataType = (int)DataType.Int8,
                RawData = ByteString.CopyFrom(0),
            });
            return Tensors.Create($"{weight.Name}/codes", DataType.Int8, codes, inputs, outputs);
        }
    }
}
