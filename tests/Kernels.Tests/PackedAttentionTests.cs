using LoraOnnx.Kernels.Attention;

namespace LoraOnnx.Kernels.Tests;

public sealed unsafe class PackedAttentionTests
{
    [Theory]
    [InlineData(1, 1, new[] { 1 })]
    [InlineData(2, 7, new[] { 3, 1, 20 })]
    [InlineData(3, 32, new[] { 64, 65, 2 })]
    [InlineData(12, 64, new[] { 130, 47 })]
    [InlineData(2, 100, new[] { 49, 200 })]
    public void Attention_is_that_of_double_and_stays_inside_its_memory(int heads, int headWidth, int[] lengths)
    {
        foreach (var oneQueryEach in (bool[])[false, true])
        {
            var rows = new Rows(heads, headWidth, lengths, oneQueryEach, seed: headWidth);

            var result = rows.Run(new PoolWorkers(2));

            var expected = rows.Expected();
            var error = expected.Select((value, i) => Math.Abs(value - result[i])).Max();
            Assert.True(error < 0.005 * rows.LargestValue, $"largest error {error:G3} of {rows.LargestValue:G3}"); // weights have 9 bits
        }
    }

    [Fact]
    public void A_text_has_the_same_bits_alone_and_among_others_with_one_thread_or_two()
    {
        var among = new Rows(4, 64, [70, 9, 131], oneQueryEach: false, seed: 5);
        var all = among.Run(new PoolWorkers(1));

        Assert.Equal(all, among.Run(new PoolWorkers(2)));
        Assert.Equal(all[(70 * 256)..(79 * 256)], among.Alone(1).Run(new PoolWorkers(2)));
        Assert.Equal(all[(79 * 256)..], among.Alone(2).Run(new PoolWorkers(1)));
    }

    [Fact]
    public void Scores_of_any_size_leave_finite_results()
    {
        var rows = new Rows(1, 16, [33], oneQueryEach: false, seed: 6, size: 1e4f);

        Assert.All(rows.Run(new PoolWorkers(1)), value => Assert.True(float.IsFinite(value)));
    }

    /// <summary>Queries, keys and values side by side, as one linear gives them; or the queries of first tokens apart.</summary>
    private sealed class Rows
    {
        private readonly int _heads;
        private readonly int _headWidth;
        private readonly int[] _lengths;
        private readonly bool _oneQueryEach;
        private readonly float[] _queries;
        private readonly float[] _keys;
        private readonly float[] _values;

        public Rows(int heads, int headWidth, int[] lengths, bool oneQueryEach, int seed, float size = 1)
        {
            (_heads, _headWidth, _lengths, _oneQueryEach) = (heads, headWidth, lengths, oneQueryEach);
            var draw = new Draw(seed);
            var width = heads * headWidth;
            _queries = draw.Numbers((oneQueryEach ? lengths.Length : lengths.Sum()) * width, size);
            (_keys, _values) = (draw.Numbers(lengths.Sum() * width, size), draw.Numbers(lengths.Sum() * width));
        }

        private Rows(Rows all, int first, int count)
        {
            (_heads, _headWidth, _lengths) = (all._heads, all._headWidth, [count]);
            var (start, end) = (first * Width, (first + count) * Width);
            (_queries, _keys, _values) = (all._queries[start..end], all._keys[start..end], all._values[start..end]);
        }

        public float LargestValue => _values.Max(MathF.Abs);

        private int Width => _heads * _headWidth;

        public Rows Alone(int text) => new(this, _lengths[..text].Sum(), _lengths[text]);

        public float[] Run(IWorkers workers)
        {
            using GuardedMemory queries = new(_queries), keys = new(_keys), values = new(_values), result = new(_queries.Length * sizeof(float));
            fixed (int* lengths = _lengths)
            {
                new PackedAttention(KernelChoice.Bf16Attention(), _heads, _headWidth, _lengths.Max()).Run(
                    new AttentionRows
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
                    },
                    workers);
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
                .Sum(i => (double)Exact.Bf16(_queries[(query * Width) + i] * scale) * Exact.Bf16(_keys[(key * Width) + i]));
            var scores = Enumerable.Range(first, count).Select(Score).ToArray();
            var largest = scores.Max();
            var total = scores.Sum(score => Math.Exp(score - largest));
            for (var i = column; i < column + _headWidth; i++)
            {
                var weighted = scores.Select((score, key) => Math.Exp(score - largest) * Exact.Bf16(_values[((first + key) * Width) + i]));
                result[(query * Width) + i] = weighted.Sum() / total;
            }
        }
    }
}
