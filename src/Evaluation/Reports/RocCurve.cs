using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>A ROC curve fit to draw and to list: few points, rising. With several ranked labels the mean of their curves, whose area is the mean that
/// ROC-AUC reports.</summary>
internal static class RocCurve
{
    /// <summary>False positive rates from 0 to 1, of which there are more near 0, where curves rise.</summary>
    private const int Steps = 40;

    /// <summary>Points from (0, 0) to (1, 1): two at rate 0, the start and how far the curve rises there, then one a rate; empty where a label never
    /// or always holds.</summary>
    public static IReadOnlyList<(double FalsePositiveRate, double TruePositiveRate)> Of(ScoredTexts texts)
    {
        var curves = texts.RankedLabels.Select(label => Ranking.RocCurve(texts, label)).ToList();
        return curves.Any(curve => curve.Count == 0) ? []
            : [(0, 0), .. Enumerable.Range(0, Steps + 1).Select(step => (double)(step * step) / (Steps * Steps))
                .Select(rate => (rate, curves.Average(curve => HeightAt(curve, rate))))];
    }

    /// <summary>The upper end of the curve at a false positive rate, by straight line between its points.</summary>
    private static double HeightAt(IReadOnlyList<RocPoint> curve, double rate)
    {
        var (low, high) = (0, curve.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = curve[middle].FalsePositiveRate <= rate ? (middle, high) : (low, middle - 1);
        }

        if (low == curve.Count - 1)
        {
            return 1;
        }

        var (from, to) = (curve[low], curve[low + 1]);
        return from.TruePositiveRate
            + ((to.TruePositiveRate - from.TruePositiveRate) * (rate - from.FalsePositiveRate) / (to.FalsePositiveRate - from.FalsePositiveRate));
    }
}
