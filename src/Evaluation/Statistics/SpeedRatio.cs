using MathNet.Numerics.Distributions;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>
/// How many times as fast as the first model a model is. Models take turns on every window of texts, so what slows the machine down for a while slows
/// all of them, and the ratios of their times on the same window have an interval.
/// </summary>
/// <param name="Ratio">Above 1: faster. Null where the windows are too few to tell equal models apart.</param>
/// <param name="Interval">The 95 % interval by Student's t over the logarithms of the windows' ratios; null with few windows.</param>
/// <param name="IsSame">Nothing says that the speeds differ: the models have one architecture and precision, and the interval, if there is one, holds
/// 1.</param>
internal sealed record SpeedRatio(double? Ratio, Interval? Interval, bool IsSame)
{
    /// <summary>With fewer windows an interval is wider than any difference worth a word.</summary>
    private const int FewestWindows = 8;

    /// <summary>Compares times of the same windows; the first window, which also warms up, is left out where there are others.</summary>
    public static SpeedRatio Of(IReadOnlyList<TimeSpan> first, IReadOnlyList<TimeSpan> model, bool areEqualModels)
    {
        var logarithms = first.Zip(model, (a, b) => Math.Log(a / b)).Skip(first.Count > 1 ? 1 : 0).Where(double.IsFinite).ToList();
        if (logarithms.Count == 0)
        {
            return new SpeedRatio(null, null, areEqualModels);
        }

        var mean = logarithms.Average();
        if (logarithms.Count < FewestWindows)
        {
            return new SpeedRatio(areEqualModels ? null : Math.Exp(mean), null, areEqualModels);
        }

        var deviation = Math.Sqrt(logarithms.Sum(value => (value - mean) * (value - mean)) / (logarithms.Count - 1));
        var margin = StudentT.InvCDF(0, 1, logarithms.Count - 1, 0.975) * deviation / Math.Sqrt(logarithms.Count);
        var interval = new Interval(Math.Exp(mean - margin), Math.Exp(mean + margin));
        return new SpeedRatio(Math.Exp(mean), interval, areEqualModels && interval.Low <= 1 && interval.High >= 1);
    }
}
