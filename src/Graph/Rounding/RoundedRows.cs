using LoraOnnx.Graph.Onnx;
using static LoraOnnx.Graph.GraphBuilder;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph.Rounding;

/// <summary>Activations [n, width] as 8-bit codes with a scale for each row, found while the graph runs; and their product with 8-bit weights, whose
/// integer sums are exact in any order.</summary>
internal sealed class RoundedRows(GraphBuilder graph)
{
    /// <summary>Code of 0 where numbers of either sign are as likely: 127 steps each way.</summary>
    private const byte Middle = 128;

    /// <summary>Code of 0 after an activation, which goes no lower than <see cref="LowestActivation"/>: 223 steps up, 32 down.</summary>
    private const byte Low = 32;

    /// <summary>The minimum of x·Φ(x) is −0.16997; that of max(x, 0) is 0.</summary>
    private const double LowestActivation = 0.17;

    private readonly Dictionary<string, (string Codes, string Scales)> _rounded = new(StringComparer.Ordinal);

    /// <summary>x·Wᵀ [n, outputs] without the bias; each channel of x is first multiplied by <paramref name="smoothing"/>, if there is one.</summary>
    public string Product(string x, string codes, string scales, string name, bool afterActivation, string? smoothing)
    {
        if (!_rounded.TryGetValue(x, out var rows))
        {
            var smooth = smoothing is null ? x : graph.Node("Mul", $"{x}/smooth", [x, smoothing]);
            _rounded[x] = rows = Round(smooth, afterActivation); // once for queries, keys and values
        }

        var one = graph.Initializer(Tensors.Scalar("one", DataType.Float, 1));
        var zero = graph.Initializer(Tensors.Create(afterActivation ? "low_code" : "middle_code", DataType.Uint8, [afterActivation ? Low : Middle]));
        var product = graph.ContribNode("MatMulIntegerToFloat", $"{name}/codes", [rows.Codes, codes, one, scales, zero]);
        return graph.Node("Mul", $"{name}/product", [product, rows.Scales]);
    }

    private (string Codes, string Scales) Round(string x, bool afterActivation)
    {
        var zero = afterActivation ? Low : Middle;
        var largest = graph.MaxOfRows($"{x}/largest", afterActivation ? x : graph.Node("Abs", $"{x}/magnitudes", [x])); // [n]
        var step = graph.Node("Mul", $"{x}/step",
            [largest, graph.Initializer(Tensors.Scalar(afterActivation ? "step_up" : "step_either", DataType.Float, 1.0 / (255 - zero)))]);
        var least = graph.Initializer(
            Tensors.Scalar(afterActivation
                ? "least_step_up"
                : "least_step_either", DataType.Float, afterActivation ? LowestActivation / Low : 1e-30));
        var scales = graph.Node("Max", $"{x}/scales", [step, least]);
        var zeros = graph.Node("ConstantOfShape", $"{x}/zeros", [graph.Node("Shape", $"{x}/rows", [scales])],
            new AttributeProto
            {
                Name = "value",
                Type = AttributeProto.Types.AttributeType.Tensor,
                T = Tensors.Create("zero", DataType.Uint8, [zero], 1),
            });
        var codes = graph.Node("QuantizeLinear", $"{x}/codes", [x, scales, zeros], Int("axis", 0)); // [n, width]
        return (codes, graph.Node("Unsqueeze", $"{x}/column", [scales, graph.Int64s(-1)])); // [n, 1]
    }
}
