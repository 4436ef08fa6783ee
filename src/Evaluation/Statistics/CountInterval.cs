namespace LoraOnnx.Evaluation.Statistics;

/// <summary>
/// The bootstrap interval of a count, such as a cell of a confusion matrix. How often a resample draws one of the c counted texts among n is binomial with chance c/n:
/// the percentiles that more and more resamples come close to are known, for matrices of any size and at no cost.
/// </summary>
internal static class CountInterval
{
    /// <summary>Counts this much less likely than the likeliest add nothing to a percentile.</summary>
    private const double Negligible = 1e-18;

    /// <summary>The 2.5 % and 97.5 % percentiles of the count in resamples of <paramref name="total"/> texts.</summary>
    public static Interval Of(long count, long total)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, total);
        if (count == 0 || count == total)
        {
            return new Interval(count, count);
        }

        // The likeliest count is the count itself. Neighbours follow from it by the ratio of binomial chances, down to where they vanish.
        var odds = (double)count / (total - count);
        var below = Falling(count, 0, -1, drawn => drawn / ((total - drawn + 1) * odds)).ToList();
        var above = Falling(count, total, 1, drawn => (total - drawn) * odds / (drawn + 1)).ToList();
        double[] chances = [.. Enumerable.Reverse(below), .. above.Skip(1)];
        var least = count - below.Count + 1;
        return new Interval(least + Percentile(chances, 0.025), least + Percentile(chances, 0.975));
    }

    /// <summary>Chances relative to that of <paramref name="start"/>, one count after the other.</summary>
    private static IEnumerable<double> Falling(long start, long end, int step, Func<long, double> ratio)
    {
        var (drawn, chance) = (start, 1.0);
        while (chance > Negligible)
        {
            yield return chance;
            if (drawn == end)
            {
                yield break;
            }

            chance *= ratio(drawn);
            drawn += step;
        }
    }

    private static int Percentile(double[] chances, double share)
    {
        var left = share * chances.Sum();
        var place = 0;
        while (place < chances.Length - 1 && (left -= chances[place]) > 0)
        {
            place++;
        }

        return place;
    }
}
