using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Tests.Statistics;

public sealed class CountIntervalTests
{
    /// <summary>Expected: the smallest counts whose binomial distribution function reaches 2.5 % and 97.5 %, summed in whole numbers.</summary>
    [Theory]
    [InlineData(1, 2, 0, 2), InlineData(5, 10, 2, 8), InlineData(110, 240, 95, 125), InlineData(3, 240, 0, 7), InlineData(999, 1000, 997, 1000),
        InlineData(2345, 5000, 2276, 2414)]
    [InlineData(0, 240, 0, 0), InlineData(240, 240, 240, 240), InlineData(0, 0, 0, 0)]
    public void Ends_are_the_percentiles_of_the_binomial_distribution(long count, long total, double low, double high) =>
        Assert.Equal(new Interval(low, high), CountInterval.Of(count, total));

    [Fact]
    public void Resamples_come_close_to_it()
    {
        const int Count = 60;
        var weights = new byte[400];
        var drawn = new double[20_000];
        for (var resample = 0; resample < drawn.Length; resample++)
        {
            Resampling.Draw(42, resample, weights);
            drawn[resample] = WeightedSums.Sum(weights.AsSpan(0, Count));
        }

        var interval = CountInterval.Of(Count, weights.Length);

        var expected = Interval.OfPercentiles(drawn)!.Value;
        var largest = Math.Max(Math.Abs(expected.Low - interval.Low), Math.Abs(expected.High - interval.High));
        // one text: the ends are whole numbers
        Assert.True(largest <= 1, $"resamples give {expected.Low} to {expected.High}, found {interval.Low} to {interval.High}");
    }
}
