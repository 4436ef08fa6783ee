using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Tests;

public sealed unsafe class EncoderBlockTests
{
    public static TheoryData<string> Precisions => KernelChoice.All;

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_block_is_that_of_double_for_any_shape_and_stays_inside_its_memory(string precision)
    {
        var draw = new Draw(21);
        for (var round = 0; round < 20; round++)
        {
            var (rows, width, up) = (draw.Between(1, 60), draw.Between(20, 150), draw.Between(30, 300));
            var tensors = new BlockTensors(draw, width, up);
            var (context, x) = (draw.Numbers(rows * width), draw.Numbers(rows * width));
            using GuardedMemory attended = new(context), input = new(x), result = new(rows * width * sizeof(float));

            tensors.Block(precision, LinearActivation.Gelu).Run(attended.Floats, input.Floats, rows, result.Floats, new PoolWorkers(2));

            var expected = tensors.Expected(context, x, rows);
            var error = expected.Select((value, i) => Math.Abs(value - result.Floats[i])).Average() / expected.Average(Math.Abs);
            Assert.True(error < (precision == "bf16" ? 0.006 : 0.08), $"{rows}x{width}x{up}: mean error {error:P2} of the mean size.");
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_row_has_the_same_bits_alone_and_among_others(string precision)
    {
        var draw = new Draw(22);
        var block = new BlockTensors(draw, 96, 200).Block(precision, LinearActivation.Relu);
        var (context, x) = (draw.Numbers(103 * 96), draw.Numbers(103 * 96));
        var all = Run(block, context, x, new PoolWorkers(2));

        foreach (var row in (int[])[0, 7, 50, 102])
        {
            var (start, end) = (row * 96, (row + 1) * 96);
            Assert.Equal(all[start..end], Run(block, context[start..end], x[start..end], new PoolWorkers(1)));
        }
    }

    private static float[] Run(EncoderBlock block, float[] context, float[] x, IWorkers workers)
    {
        var result = new float[x.Length];
        fixed (float* from = context, input = x, to = result)
        {
            block.Run(from, input, x.Length / block.Width, to, workers);
        }

        return result;
    }

    private sealed class BlockTensors(Draw draw, int width, int up)
    {
        private readonly LinearTensors _output = draw.Linear(width, width);
        private readonly LinearTensors _up = draw.Linear(up, width);
        private readonly LinearTensors _down = draw.Linear(width, up);
        private readonly NormTensors _attentionNorm = new(draw.Numbers(width), draw.Numbers(width), 1e-12);
        private readonly NormTensors _outputNorm = new(draw.Numbers(width), draw.Numbers(width), 1e-12);

        public EncoderBlock Block(string precision, LinearActivation activation) => new(
            new RowBlockLinear(KernelChoice.Weights(precision, _output), LinearActivation.None), Norm(_attentionNorm),
            new RowBlockLinear(KernelChoice.Weights(precision, _up), activation),
            new RowBlockLinear(KernelChoice.Weights(precision, _down), LinearActivation.None), Norm(_outputNorm));

        public double[] Expected(float[] context, float[] x, int rows)
        {
            var attended = Exact.Norm(Exact.Linear(Exact.Doubles(context), rows, _output), Exact.Doubles(x), _attentionNorm);
            return Exact.Norm(Exact.Linear(Exact.Linear(attended, rows, _up, LinearActivation.Gelu), rows, _down), attended, _outputNorm);
        }

        private static LayerNorm Norm(NormTensors norm) => new(norm.Weight.Span, norm.Bias.Span, norm.Epsilon);
    }
}
