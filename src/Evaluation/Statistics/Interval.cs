namespace LoraOnnx.Evaluation.Statistics;

/// <summary>A 95 % interval.</summary>
internal readonly record struct Interval(double Low, double High)
{
    /// <summary>True when 0 lies outside: a difference that chance alone rarely makes.</summary>
    public bool ExcludesZero => Low > 0 || High < 0;

    /// <summary>The 2.5 % and 97.5 % percentiles, between neighbours by straight line as numpy does; values that are not numbers are left out. Null
    /// when none is left.</summary>
    public static Interval? OfPercentiles(ReadOnlySpan<double> values)
    {
        var sorted = new double[values.Length];
        var count = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                sorted[count++] = value;
            }
        }

        if (count == 0)
        {
            return null;
        }

        Array.Sort(sorted, 0, count);
        return new Interval(Percentile(sorted.AsSpan(0, count), 0.025), Percentile(sorted.AsSpan(0, count), 0.975));
    }

    private static double Percentile(ReadOnlySpan<double> sorted, double share)
    {
        var position = share * (sorted.Length - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
    }
}
