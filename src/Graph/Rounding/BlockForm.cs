using System.Numerics.Tensors;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.GraphBuilder;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Rounding;

/// <summary>8-bit weights for MatMulNBits: every 64 inputs of an output share a scale, code 128 means 0.</summary>
internal sealed class BlockForm : RoundedForm
{
    /// <summary>Inputs of a block. The kernel rounds activations in the same blocks, and at 64 a row's result does not depend on the number of rows;
    /// at 128 it does.</summary>
    public const int BlockSize = 64;

    private const int Zero = 128;

    /// <inheritdoc/>
    public override Precision Precision => Precision.Int8;

    /// <summary>Not the values' matrix either, a twelfth of the work, whose rounding moved the answers of models/demo most for its size.</summary>
    public override bool Rounds(BlockLayout block, string weight, bool isLast) =>
        weight != block.Value.Weight && base.Rounds(block, weight, isLast);

    /// <summary>Activations are rounded to 8 bits block by block in the operator (accuracy level 4).</summary>
    public override string Linear(GraphBuilder graph, EncoderNodes nodes, string x, LinearLayout linear) =>
        graph.ContribNode("MatMulNBits", $"/{linear.Name}",
            [x, nodes.Weight(WeightSet.Codes(linear.Weight)), nodes.Weight(WeightSet.Scales(linear.Weight)), "", "", nodes.Weight(linear.Bias)],
            Int("K", linear.In), Int("N", linear.Out), Int("bits", 8), Int("block_size", BlockSize), Int("accuracy_level", 4));

    /// <inheritdoc/>
    public override IEnumerable<(string Name, DataType Type, IEnumerable<long> Dims)> Parts(string weight, int outputs, int inputs) =>
    [
        (WeightSet.Codes(weight), DataType.Uint8, [outputs, Blocks(inputs), BlockSize]),
        (WeightSet.Scales(weight), DataType.Float, [(long)outputs * Blocks(inputs)]),
    ];

    /// <inheritdoc/>
    public override int SharedBy(int inputs) => BlockSize;

    /// <inheritdoc/>
    public override IEnumerable<TensorProto> Store(TensorProto tensor)
    {
        var (outputs, inputs) = ((int)tensor.Dims[0], (int)tensor.Dims[1]);
        var blocks = Blocks(inputs);
        var codes = new byte[outputs * blocks * BlockSize];
        var scales = new float[outputs * blocks];
        codes.AsSpan().Fill(Zero); // what pads the last block
        Parallel.For(0, outputs, output =>
        {
            var row = Tensors.Values<float>(tensor).Slice(output * inputs, inputs);
            for (var block = 0; block < blocks; block++)
            {
                var values = row.Slice(block * BlockSize, Math.Min(BlockSize, inputs - (block * BlockSize)));
                var place = (output * blocks) + block;
                scales[place] = MathF.Abs(TensorPrimitives.MaxMagnitude(values)) / 127;
                for (var i = 0; i < values.Length && scales[place] > 0; i++)
                {
                    codes[(place * BlockSize) + i] = (byte)(Zero + (int)MathF.Round(values[i] / scales[place]));
                }
            }
        });
        return
        [
            Tensors.Create(WeightSet.Codes(tensor.Name), DataType.Uint8, codes, outputs, blocks, BlockSize),
            Tensors.Create(WeightSet.Scales(tensor.Name), DataType.Float, scales, scales.Length),
        ];
    }

    /// <inheritdoc/>
    public override float[] Values(TensorProto codes, TensorProto scales, int outputs, int inputs)
    {
        var (code, scale, blocks) = (codes.RawData.Memory, Tensors.Values<float>(scales).ToArray(), Blocks(inputs));
        var values = new float[outputs * inputs];
        for (var i = 0; i < values.Length; i++)
        {
            var (output, input) = Math.DivRem(i, inputs);
            var place = (output * blocks) + (input / BlockSize);
            values[i] = (code.Span[(place * BlockSize) + (input % BlockSize)] - Zero) * scale[place];
        }

        return values;
    }

    private static int Blocks(int inputs) => (inputs + BlockSize - 1) / BlockSize;
}
