using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Tests.Statistics;

public sealed class McNemarTests
{
    /// <summary>Both sides sum at most a few thousand doubles.</summary>
    private const double Tolerance = 1e-12;

    [Fact]
    public void Exact_p_values_equal_scipys()
    {
        foreach (var pair in GoldenPair.All)
        {
            var test = McNemar.Of(pair.First, pair.Second);

            Assert.Equal(pair.Expected.GetProperty("first_right_second_wrong").GetInt64(), test.OnlyFirstRight);
            Assert.Equal(pair.Expected.GetProperty("first_wrong_second_right").GetInt64(), test.OnlySecondRight);
            Assert.Equal(pair.Expected.GetProperty("mcnemar_exact_p").GetDouble(), test.PValue, Tolerance);
        }
    }

    [Theory]
    [InlineData(0, 0, 1), InlineData(5, 5, 1), InlineData(0, 1, 1), InlineData(0, 5, 0.0625), InlineData(1, 3, 0.625)]
    public void Small_counts_by_hand(long first, long second, double expected) =>
        Assert.Equal(expected, new McNemar(first, second).PValue, Tolerance);

    [Fact]
    public void Thousands_of_differences_neither_overflow_nor_vanish()
    {
        // By the normal approximation with continuity correction: z = 99 / sqrt(4900) = 1.414, p = 0.157.
        Assert.InRange(new McNemar(2400, 2500).PValue, 0.156, 0.159);
        Assert.Equal(0, new McNemar(0, 5000).PValue, Tolerance);
    }
}
