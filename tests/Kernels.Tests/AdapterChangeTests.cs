using LoraOnnx.Kernels.Adapters;

namespace LoraOnnx.Kernels.Tests;

public sealed unsafe class AdapterChangeTests
{
    [Theory]
    [InlineData(1, 8, 32, 32)]
    [InlineData(7, 2, 30, 19)]
    [InlineData(33, 5, 64, 17)]
    [InlineData(70, 64, 96, 96)]
    [InlineData(3, 1, 5, 1)]
    public void Rows_get_the_exact_product_and_the_shift(int rows, int rank, int inputs, int outputs)
    {
        var random = new Random(rows);
        var (x, y) = (Numbers(random, rows * inputs), Numbers(random, rows * outputs));
        var (a, b, shift) = (Numbers(random, rank * inputs), Numbers(random, rank * outputs), Numbers(random, outputs));
        var expected = new double[rows * outputs];
        for (var row = 0; row < rows; row++)
        {
            for (var n = 0; n < outputs; n++)
            {
                var sum = (double)y[(row * outputs) + n] + shift[n];
                for (var j = 0; j < rank; j++)
                {
                    var product = 0.0;
                    for (var k = 0; k < inputs; k++)
                    {
                        product += (double)x[(row * inputs) + k] * a[(j * inputs) + k];
                    }

                    sum += product * b[(j * outputs) + n];
                }

                expected[(row * outputs) + n] = sum;
            }
        }

        Add(a, b, shift, rank, x, y, rows, inputs, outputs);

        for (var i = 0; i < y.Length; i++)
        {
            Assert.Equal(expected[i], y[i], 2e-5 * (1 + Math.Abs(expected[i])));
        }
    }

    [Fact]
    public void A_row_has_the_same_bits_alone_and_among_any_others()
    {
        const int Rank = 5, Inputs = 76, Outputs = 44, Rows = 40;
        var random = new Random(1);
        var (x, y) = (Numbers(random, Rows * Inputs), Numbers(random, Rows * Outputs));
        var (a, b, shift) = (Numbers(random, Rank * Inputs), Numbers(random, Rank * Outputs), Numbers(random, Outputs));
        float[] alone = [.. Enumerable.Range(0, Rows).SelectMany(row =>
            Changed(x[(row * Inputs)..((row + 1) * Inputs)], y[(row * Outputs)..((row + 1) * Outputs)], 1))];

        for (var first = 0; first < Rows; first++)
        {
            for (var count = 1; first + count <= Rows; count++)
            {
                var together = Changed(x[(first * Inputs)..((first + count) * Inputs)], y[(first * Outputs)..((first + count) * Outputs)], count);
                Assert.True(together.AsSpan().SequenceEqual(alone.AsSpan(first * Outputs, count * Outputs)), $"rows {first} to {first + count}");
            }
        }

        float[] Changed(float[] rows, float[] given, int count)
        {
            Add(a, b, shift, Rank, rows, given, count, Inputs, Outputs);
            return given;
        }
    }

    private static void Add(float[] a, float[] b, float[] shift, int rank, float[] x, float[] y, int rows, int inputs, int outputs)
    {
        fixed (float* pa = a, pb = b, ps = shift, px = x, py = y)
        {
            new LinearChange { A = pa, B = pb, Shift = ps, Rank = rank, Inputs = inputs, Outputs = outputs }.Add(px, inputs, py, outputs, rows);
        }
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
}
