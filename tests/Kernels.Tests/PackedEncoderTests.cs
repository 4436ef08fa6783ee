using LoraOnnx.Kernels.Attention;
using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Tests;

public sealed unsafe class PackedEncoderTests
{
    private const int LongestText = 40;

    public static TheoryData<string> Precisions => KernelChoice.All;

    [Theory]
    [MemberData(nameof(Precisions))]
    public void An_encoder_is_that_of_double_for_any_shape_and_stays_inside_its_memory(string precision)
    {
        var draw = new Draw(21);
        for (var round = 0; round < 30; round++)
        {
            var model = new Model(draw, draw.Between(1, 3), draw.Between(10, 50), draw.Between(30, 300));
            int[] lengths = [.. Enumerable.Range(0, draw.Between(1, 6)).Select(_ => draw.Between(1, LongestText))];
            var x = draw.Numbers(lengths.Sum() * model.Width);

            var result = Run(model.Encoder(precision), x, lengths, draw.Between(1, 3));

            var expected = model.Expected(x, lengths);
            var error = expected.Select((value, i) => Math.Abs(value - result[i])).Average() / expected.Average(Math.Abs);
            var tolerance = precision switch { "fp32" => 2e-6, "bf16" => 0.02, _ => 0.3 }; // int8: numbers 20 times as large as the others
            Assert.True(error < tolerance, $"{string.Join(' ', lengths)} x {model.Width}: mean error {error:G3} of the mean size.");
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_text_has_the_same_bits_alone_and_among_others_with_any_number_of_threads(string precision)
    {
        var draw = new Draw(22);
        var model = new Model(draw, 3, 32, 200);
        var encoder = model.Encoder(precision);
        int[] lengths = [5, 18, 1, 40, 18, 33];
        var x = draw.Numbers(lengths.Sum() * model.Width);
        var all = Run(encoder, x, lengths, threads: 2);

        Assert.Equal(all, Run(encoder, x, lengths, threads: 1));
        Assert.Equal(all, Run(encoder, x, lengths, threads: 9));
        for (int text = 0, first = 0; text < lengths.Length; first += lengths[text++])
        {
            var alone = x[(first * model.Width)..((first + lengths[text]) * model.Width)];
            var expected = all[(text * model.Width)..((text + 1) * model.Width)];
            Assert.Equal(expected, Run(encoder, alone, [lengths[text]], threads: 1));
            Assert.Equal(expected, Run(encoder, alone, [lengths[text]], threads: 2));
        }
    }

    /// <summary>Few rows are shared out panel by panel, those that adapters may change block by block.</summary>
    [Theory]
    [MemberData(nameof(Precisions))]
    public void Few_rows_have_the_same_bits_where_adapters_change_nothing(string precision)
    {
        var draw = new Draw(23);
        var model = new Model(draw, 2, 40, 130);
        var encoder = model.Encoder(precision);
        var x = draw.Numbers(18 * model.Width);

        Assert.Equal(Run(encoder, x, [11, 7], threads: 2), Run(encoder, x, [11, 7], threads: 2, [new BlockChanges(), new BlockChanges()]));
    }

    /// <summary>Many rows are read in parts, those that adapters may change in one.</summary>
    [Fact]
    public void Texts_that_are_read_in_parts_have_the_same_bits_as_in_one()
    {
        var draw = new Draw(24);
        var model = new Model(draw, 3, 32, 40);
        var encoder = model.Encoder("bf16");
        int[] lengths = [.. Enumerable.Range(0, 3000).Select(_ => draw.Between(1, LongestText))];
        var x = draw.Numbers(lengths.Sum() * model.Width);

        Assert.InRange(x.Length, 4_000_000, 8_000_000);
        Assert.Equal(Run(encoder, x, lengths, threads: 2, [new BlockChanges(), new BlockChanges()]), Run(encoder, x, lengths, threads: 2));
    }

    private static float[] Run(PackedEncoder encoder, float[] x, int[] lengths, int threads, IReadOnlyList<BlockChanges>? changes = null)
    {
        using GuardedMemory input = new(x), result = new(lengths.Length * encoder.Width * sizeof(float));
        fixed (int* tokens = lengths)
        {
            encoder.Run(input.Floats, tokens, lengths.Length, result.Floats, new PoolWorkers(threads), changes);
        }

        return new Span<float>(result.Floats, lengths.Length * encoder.Width).ToArray();
    }

    /// <summary>Two blocks, the last of which is asked for first tokens.</summary>
    private sealed class Model(Draw draw, int heads, int headWidth, int up)
    {
        private readonly Block[] _blocks = [new(draw, heads * headWidth, up), new(draw, heads * headWidth, up)];

        public int Width => heads * headWidth;

        public PackedEncoder Encoder(string precision) => new(
            [_blocks[0].Layer(precision, isLast: false), _blocks[1].Layer(precision, isLast: true)],
            new PackedAttention(KernelChoice.Attention(precision), heads, headWidth, LongestText));

        public double[] Expected(float[] x, int[] lengths)
        {
            var state = Exact.Doubles(x);
            foreach (var block in _blocks)
            {
                state = block.Expected(state, lengths, heads);
            }

            var firsts = lengths.Select((_, text) => lengths[..text].Sum());
            return [.. firsts.SelectMany(first => state[(first * Width)..((first + 1) * Width)])];
        }
    }

    private sealed class Block(Draw draw, int width, int up)
    {
        private readonly LinearTensors[] _projections = [draw.Linear(width, width), draw.Linear(width, width), draw.Linear(width, width)];
        private readonly LinearTensors _output = draw.Linear(width, width);
        private readonly LinearTensors _up = draw.Linear(up, width);
        private readonly LinearTensors _down = draw.Linear(width, up);
        private readonly NormTensors _attentionNorm = new(draw.Numbers(width), draw.Numbers(width), 1e-12);
        private readonly NormTensors _outputNorm = new(draw.Numbers(width), draw.Numbers(width), 1e-12);

        public PackedBlock Layer(string precision, bool isLast)
        {
            PackedLinear Linear(LinearActivation activation, params LinearTensors[] parts) => new(
                KernelChoice.Weights(precision, new LinearTensors(
                    parts.SelectMany(part => part.Weight.ToArray()).ToArray(), parts.SelectMany(part => part.Bias.ToArray()).ToArray())), activation);
            return new PackedBlock(
                Linear(LinearActivation.None, isLast ? _projections[..1] : _projections),
                isLast ? Linear(LinearActivation.None, _projections[1..]) : null,
                Linear(LinearActivation.None, _output), Norm(_attentionNorm),
                Linear(LinearActivation.Gelu, _up), Linear(LinearActivation.None, _down), Norm(_outputNorm));
        }

        public double[] Expected(double[] x, int[] lengths, int heads)
        {
            var rows = x.Length / width;
            var context = new double[x.Length];
            double[][] projected = [.. _projections.Select(linear => Exact.Linear(x, rows, linear))];
            for (int text = 0, first = 0; text < lengths.Length; first += lengths[text++])
            {
                for (var item = 0; item < lengths[text] * heads; item++)
                {
                    var (token, head) = Math.DivRem(item, heads);
                    Attend(projected, first + token, first, lengths[text], head * (width / heads), width / heads, context);
                }
            }

            var attended = Exact.Norm(Exact.Linear(context, rows, _output), x, _attentionNorm);
            return Exact.Norm(Exact.Linear(Exact.Linear(attended, rows, _up, LinearActivation.Gelu), rows, _down), attended, _outputNorm);
        }

        private void Attend(double[][] projected, int query, int first, int count, int column, int headWidth, double[] context)
        {
            var columns = Enumerable.Range(column, headWidth);
            double[] scores = [.. Enumerable.Range(first, count).Select(key =>
                columns.Sum(i => projected[0][(query * width) + i] * projected[1][(key * width) + i]) / Math.Sqrt(headWidth))];
            double[] weights = [.. scores.Select(score => Math.Exp(score - scores.Max()))];
            foreach (var i in columns)
            {
                context[(query * width) + i] =
                    weights.Select((weight, key) => weight * projected[2][((first + key) * width) + i]).Sum() / weights.Sum();
            }
        }

        private static LayerNorm Norm(NormTensors norm) => new(norm.Weight.Span, norm.Bias.Span, norm.Epsilon);
    }
}
