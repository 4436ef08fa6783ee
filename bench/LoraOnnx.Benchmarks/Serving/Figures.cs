namespace LoraOnnx.Benchmarks.Serving;

/// <summary>Summaries of measured values.</summary>
internal static class Figures
{
    public static double Median(IEnumerable<double> values) => Percentile(values, 0.5);

    /// <summary>The value below which a share of the values lies; not a number where there are none.</summary>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }

    /// <summary>Median and quartiles: the spread says whether the machine was quiet enough.</summary>
    public static string Summary(IReadOnlyCollection<double> ratios) =>
        $"median {Median(ratios):0.000} (quartiles {Percentile(ratios, 0.25):0.000} to {Percentile(ratios, 0.75):0.000}, {ratios.Count} rounds)";
}
