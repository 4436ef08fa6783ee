using LoraOnnx.Kernels.Attention;

namespace LoraOnnx.Kernels.Tests;

public sealed unsafe class PackedAttentionTests
{
    public static TheoryData<string> Precisions => KernelChoice.Floats;

    public static TheoryData<string, int, int, int[]> Shapes => new(KernelChoice.Floats.SelectMany(precision =>
        ((int, int, int[])[])[(1, 1, [1]), (2, 7, [3, 1, 20]), (3, 32, [64, 65, 2]), (12, 64, [130, 47]), (2, 100, [49, 200])],
        (precision, shape) => (precision.Data, shape.Item1, shape.Item2, shape.Item3)));

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Attention_is_that_of_double_and_stays_inside_its_memory(string precision, int heads, int headWidth, int[] lengths)
    {
        foreach (var oneQueryEach in (bool[])[false, true])
        {
            var rows = new Rows(precision, heads, headWidth, lengths, oneQueryEach, seed: headWidth);

            var result = rows.Run(new PoolWorkers(2));

            var expected = rows.Expected();
            var error = expected.Select((value, i) => Math.Abs(value - result[i])).Max();
            var tolerance = precision == "fp32" ? 2e-5 : 0.005; // weights in bf16 have 9 bits
            Assert.True(error < tolerance * rows.LargestValue, $"largest error {error:G3} of {rows.LargestValue:G3}");
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_text_has_the_same_bits_alone_and_among_others_with_one_thread_or_two(string precision)
    {
        var among = new Rows(precision, 4, 64, [70, 9, 131], oneQueryEach: false, seed: 5);
        var all = among.Run(new PoolWorkers(1));

        Assert.Equal(all, among.Run(new PoolWorkers(2)));
        Assert.Equal(all[(70 * 256)..(79 * 256)], among.Alone(1).Run(new PoolWorkers(2)));
        Assert.Equal(all[(79 * 256)..], among.Alone(2).Run(new PoolWorkers(1)));
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Scores_of_any_size_leave_finite_results(string precision)
    {
        var rows = new Rows(precision, 1, 16, [33], oneQueryEach: false, seed: 6, size: 1e4f);

        Assert.All(rows.Run(new PoolWorkers(1)), value => Assert.True(float.IsFinite(value)));
    }

    /// <summary>Queries, keys and values side by side, as one linear gives them; or the queries of first tokens apart.</summary>
    private sealed class Rows
    {
        private readonly string _precision;
        private readonly int _heads;
        private readonly int _headWidth;
        private readonly int[] _lengths;
        private readonly bool _oneQueryEach;
        private readonly float[] _queries;
        private readonly float[] _keys;
        private readonly float[] _values;

        public Rows(string precision, int heads, int headWidth, int[] lengths, bool oneQueryEach, int seed, float size = 1)
        {
            (_precision, _heads, _headWidth, _lengths, _oneQueryEach) = (precision, heads, headWidth, lengths, oneQueryEach);
            var draw = new Draw(seed);
            var width = heads * headWidth;
            _queries = draw.Numbers((oneQueryEach ? lengths.Length : lengths.Sum()) * width, size);
            (_keys, _values) = (draw.Numbers(lengths.Sum() * width, size), draw.Numbers(lengths.Sum() * width));
        }

        private Rows(Rows all, int first, int count)
        {
            (_precision, _heads, _headWidth, _lengths) = (all._precision, all._heads, all._headWidth, [count]);
            var (start, end) = (first * Width, (first + count) * Width);
            (_queries, _keys, _values) = (all._queries[start..end], all._keys[start..end], all._values[start..end]);
        }

        public float LargestValue => _values.Max(MathF.Abs);

        private int Width => _heads * _headWidth;

        public Rows Alone(int text) => new(this, _lengths[..text].Sum(), _lengths[text]);

        public float[] Run(PoolWorkers workers)
        {
            using GuardedMemory queries = new(_queries), keys = new(_keys), values = new(_values), result = new(_queries.Length * sizeof(float));
            fixed (int* lengths = _lengths)
            {
                var attention = new PackedAttention(KernelChoice.Attention(_precision), _heads, _headWidth, _lengths.Max());
                var rows = new AttentionRows
                {
                    Queries = queries.Floats,
                    QueryStride = Width,
                    OneQueryEach = _oneQueryEach,
                    Keys = keys.Floats,
                    Values = values.Floats,
                    KeyStride = Width,
                    Lengths = lengths,
                    Texts = _lengths.Length,
                    Result = result.Floats,
                };
                int[] firsts = [];
                Assert.Equal(_lengths.Sum(), attention.Place(rows, ref firsts));
                workers.Run(attention.Items(rows), item => attention.Run(rows, firsts, item));
            }

            return new Span<float>(result.Floats, _queries.Length).ToArray();
        }

        /// <summary>In double, of the rounded queries, keys and values.</summary>
        public double[] Expected()
        {
            var result = new double[_queries.Length];
            for (int text = 0, first = 0; text < _lengths.Length; first += _lengths[text++])
            {
                for (var query = 0; query < (_oneQueryEach ? 1 : _lengths[text]); query++)
                {
                    for (var head = 0; head < _heads; head++)
                    {
                        Attend(_oneQueryEach ? text : first + query, first, _lengths[text], head * _headWidth, result);
                    }
                }
            }

            return result;
        }

        private void Attend(int query, int first, int count, int column, double[] result)
        {
            var scale = 1 / MathF.Sqrt(_headWidth);
            double Score(int key) => Enumerable.Range(column, _headWidth)
                .Sum(i => (double)Rounded(_queries[(query * Width) + i] * scale) * Rounded(_keys[(key * Width) + i]));
            var scores = Enumerable.Range(first, count).Select(Score).ToArray();
            var largest = scores.Max();
            var total = scores.Sum(score => Math.Exp(score - largest));
            for (var i = column; i < column + _headWidth; i++)
            {
                var weighted = scores.Select((score, key) => Math.Exp(score - largest) * Rounded(_values[((first + key) * Width) + i]));
                result[(query * Width) + i] = weighted.Sum() / total;
            }
        }

        private float Rounded(float value) => _precision == "bf16" ? Exact.Bf16(value) : value;
    }
}
