using System.Numerics.Tensors;
using LoraOnnx.Graph.Onnx;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph;

/// <summary>8-bit weights for MatMulNBits: every 64 inputs of an output share a scale, code 128 means 0.</summary>
internal static class BlockWeights
{
    /// <summary>Inputs of a block. The kernel rounds activations in the same blocks, and at 64 a row's result does not depend on the number of rows;
    /// at 128 it does.</summary>
    public const int BlockSize = 64;

    private const int Zero = 128;

    /// <summary>Names, types and shapes of what stands for a weight [outputs, inputs].</summary>
    public static IEnumerable<(string Name, DataType Type, IEnumerable<long> Dims)> Parts(string weight, int outputs, int inputs) =>
    [
        (WeightSet.Codes(weight), DataType.Uint8, [outputs, Blocks(inputs), BlockSize]),
        (WeightSet.Scales(weight), DataType.Float, [(long)outputs * Blocks(inputs)]),
    ];

    public static IEnumerable<TensorProto> Quantize(TensorProto weight)
    {
        var (outputs, inputs) = ((int)weight.Dims[0], (int)weight.Dims[1]);
        var blocks = Blocks(inputs);
        var codes = new byte[outputs * blocks * BlockSize];
        var scales = new float[outputs * blocks];
        codes.AsSpan().Fill(Zero); // what pads the last block
        Parallel.For(0, outputs, output =>
        {
            var row = Tensors.Values<float>(weight).Slice(output * inputs, inputs);
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
            Tensors.Create(WeightSet.Codes(weight.Name), DataType.Uint8, codes, outputs, blocks, BlockSize),
            Tensors.Create(WeightSet.Scales(weight.Name), DataType.Float, scales, scales.Length),
        ];
    }

    private static int Blocks(int inputs) => (inputs + BlockSize - 1) / BlockSize;
}
