using MathNet.Numerics.Distributions;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>
/// The bootstrap interval of a count, such as a cell of a confusion matrix. How often a resample draws one of the c counted texts among n is binomial
/// with chance c/n: the percentiles that more and more resamples come close to are known, for matrices of any size and at no cost.
/// </summary>
internal static class CountInterval
{
    /// <summary>The 2.5 % and 97.5 % percentiles of the count in resamples of <paramref name="total"/> texts.</summary>
    public static Interval Of(long count, long total)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, total);
        if (count == 0 || count == total)
        {
            return new Interval(count, count);
        }

        var drawn = new Binomial((double)count / total, (int)total);
        return new Interval(Percentile(drawn, 0.025), Percentile(drawn, 0.975));
    }

    /// <summary>The smallest count at which the distribution function reaches <paramref name="share"/>.</summary>
    private static int Percentile(Binomial drawn, double share)
    {
        var (low, high) = (0, drawn.N);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = drawn.CumulativeDistribution(middle) >= share ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
