using LoraOnnx.Training.Learning;

namespace LoraOnnx.Training.Tests.Engine;

public sealed class CounterNoiseTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void The_share_that_is_dropped_is_the_one_asked_for(double probability)
    {
        // Six standard errors of a million draws.
        var tolerance = 6 * Math.Sqrt(probability * (1 - probability) / 1_000_000);

        var shares = Enumerable.Range(0, 8).Select(key => Dropped(Fill(1_000_000, probability, (ulong)key * 0x9E3779B97F4A7C15))).ToList();

        var largest = shares.Max(share => Math.Abs(share - probability));
        Assert.True(largest <= tolerance, $"largest difference {largest:g3}, allowed {tolerance:g3}.");
    }

    [Fact]
    public void Neighbours_columns_and_keys_are_independent()
    {
        // The product of two centred draws has mean 0 and, of a million, a standard error of p(1 - p)/1000.
        const double P = 0.3;
        const double Tolerance = 6 * P * (1 - P) / 1000;
        var draws = Fill(1_000_768, P, 7);
        var otherKey = Fill(1_000_768, P, 8);
        var otherHigh = Fill(1_000_768, P, 7 + (1UL << 32));

        (string, double)[] covariances =
            [("next", Covariance(draws, draws, 1)), ("second", Covariance(draws, draws, 2)), ("32nd", Covariance(draws, draws, 32)),
            ("column", Covariance(draws, draws, 768)), ("key", Covariance(draws, otherKey, 0)), ("upper key", Covariance(draws, otherHigh, 0))];

        var (where, largest) = covariances.MaxBy(item => Math.Abs(item.Item2));
        Assert.True(Math.Abs(largest) <= Tolerance, $"{where}: covariance {largest:g3}, allowed {Tolerance:g3}.");

        static double Covariance(float[] left, float[] right, int shift) =>
            Enumerable.Range(0, 1_000_000).Average(i => (left[i] - 1 + P) * (right[i + shift] - 1 + P));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(77)]
    public void Both_types_have_the_same_draws_at_any_length(int length)
    {
        var halves = new ushort[length];
        CounterNoise.FillBf16(halves, 0.5, 99);

        Assert.Equal(Fill(length, 0.5, 99), halves.Select(half => BitConverter.UInt32BitsToSingle((uint)half << 16)));
        Assert.Equal(Fill(1000, 0.5, 99)[..length], Fill(length, 0.5, 99));
    }

    private static double Dropped(float[] draws) => draws.Count(draw => draw == 0) / (double)draws.Length;

    private static float[] Fill(int count, double probability, ulong key)
    {
        var bits = new uint[count];
        CounterNoise.FillFp32(bits, probability, key);
        return [.. bits.Select(BitConverter.UInt32BitsToSingle)];
    }
}
