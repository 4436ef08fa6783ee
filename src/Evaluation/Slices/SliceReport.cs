using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Slices;

/// <summary>A slice and how each model does on it, in the order of the models.</summary>
internal sealed record SliceReport(Slice Slice, IReadOnlyList<SliceFigures> Models)
{
    /// <summary>Measures all models on a slice. The intervals are paired with the seed of the comparison.</summary>
    public static SliceReport Of(Slice slice, IReadOnlyList<ScoredTexts> models, ulong seed, int resamples, int threads,
        CancellationToken cancellationToken)
    {
        var subsets = models.Select(model => model.Only(slice.Texts)).ToList();
        var differences = SliceBootstrap.Run(subsets, seed, resamples, threads, cancellationToken);
        return new SliceReport(slice,
            [.. subsets.Select((subset, model) => Figures(slice, subset, subsets[0], model == 0 ? null : differences[model]))]);
    }

    private static SliceFigures Figures(Slice slice, ScoredTexts texts, ScoredTexts first, Interval? interval)
    {
        var accuracy = Accuracy(texts);
        // Within one label, F1 says no more than accuracy does; without a text of the positive class it is undefined.
        double? f1 = slice.Kind == SliceCutter.Label || !HasPositives(texts) ? null : CountFigures.Of(texts).F1;
        return new SliceFigures(accuracy, f1, interval is null ? null : accuracy - Accuracy(first), interval);
    }

    private static bool HasPositives(ScoredTexts texts) =>
        Enumerable.Range(0, texts.Count).Any(text => texts.RankedLabels.Any(label => texts.Holds(text, label)));

    private static double Accuracy(ScoredTexts texts) => (double)Enumerable.Range(0, texts.Count).Count(texts.IsRight) / texts.Count;
}

/// <summary>One model on one slice; the difference in accuracy to the first model is null for the first itself.</summary>
internal sealed record SliceFigures(double Accuracy, double? F1, double? Difference, Interval? Interval)
{
    /// <summary><c>gains</c> or <c>loses</c> against the first model where the interval leaves 0 out, else null.</summary>
    public string? Verdict => Interval is { ExcludesZero: true } ? Difference > 0 ? "gains" : "loses" : null;
}
