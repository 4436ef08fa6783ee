using System.Numerics.Tensors;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Rounding;

/// <summary>8-bit weights for integer products: a scale for each output. The matrix lies as [inputs, outputs], the transpose of the
/// checkpoint's.</summary>
internal sealed class ColumnForm : RoundedForm
{
    /// <inheritdoc/>
    public override Precision Precision => Precision.Int8Dynamic;

    /// <inheritdoc/>
    public override bool TakesSmoothing => true;

    /// <inheritdoc/>
    public override string Linear(GraphBuilder graph, EncoderNodes nodes, string x, LinearLayout linear) =>
        graph.Node("Add", $"/{linear.Name}", [nodes.RoundedProduct(x, linear), nodes.Weight(linear.Bias)]);

    /// <inheritdoc/>
    public override IEnumerable<(string Name, DataType Type, IEnumerable<long> Dims)> Parts(string weight, int outputs, int inputs) =>
    [
        (WeightSet.Codes(weight), DataType.Int8, [inputs, outputs]),
        (WeightSet.Scales(weight), DataType.Float, [outputs]),
    ];

    /// <inheritdoc/>
    public override int SharedBy(int inputs) => inputs;

    /// <inheritdoc/>
    public override IEnumerable<TensorProto> Store(TensorProto tensor)
    {
        var (outputs, inputs) = ((int)tensor.Dims[0], (int)tensor.Dims[1]);
        var codes = new sbyte[inputs * outputs];
        var scales = new float[outputs];
        Parallel.For(0, outputs, output =>
        {
            var row = Tensors.Values<float>(tensor).Slice(output * inputs, inputs);
            scales[output] = MathF.Abs(TensorPrimitives.MaxMagnitude(row)) / 127;
            for (var i = 0; i < inputs && scales[output] > 0; i++)
            {
                codes[(i * outputs) + output] = (sbyte)MathF.Round(row[i] / scales[output]);
            }
        });
        return
        [
            Tensors.Create(WeightSet.Codes(tensor.Name), DataType.Int8, codes, inputs, outputs),
            Tensors.Create(WeightSet.Scales(tensor.Name), DataType.Float, scales, outputs),
        ];
    }

    /// <inheritdoc/>
    public override RoundedMatrix Matrix(TensorProto codes, TensorProto scales, TensorProto? smoothing)
    {
        var (inputs, outputs) = ((int)codes.Dims[0], (int)codes.Dims[1]);
        var (from, turned) = (codes.RawData.Memory, new sbyte[inputs * outputs]);
        for (var i = 0; i < turned.Length; i++)
        {
            var (output, input) = Math.DivRem(i, inputs);
            turned[i] = (sbyte)from.Span[(input * outputs) + output];
        }

        return new RoundedMatrix(
            turned, Tensors.Values<float>(scales).ToArray(), smoothing is null ? default : Tensors.Values<float>(smoothing).ToArray());
    }

    /// <inheritdoc/>
    public override float[] Values(TensorProto codes, TensorProto scales, int outputs, int inputs)
    {
        var (code, scale) = (codes.RawData.Memory, Tensors.Values<float>(scales).ToArray());
        var values = new float[outputs * inputs];
        for (var i = 0; i < values.Length; i++)
        {
            var (output, input) = Math.DivRem(i, inputs);
            values[i] = (sbyte)code.Span[(input * outputs) + output] * scale[output];
        }

        return values;
    }
}
