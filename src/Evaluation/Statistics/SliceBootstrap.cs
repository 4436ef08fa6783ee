using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>Paired percentile intervals of the difference in accuracy to the first model: <see cref="PairedBootstrap"/> for one figure, so that many
/// slices cost little.</summary>
internal static class SliceBootstrap
{
    /// <summary>Below this many texts a resample says next to nothing.</summary>
    private const int FewestTexts = 5;

    /// <summary>An interval a model; of the first, and of tiny slices, null.</summary>
    public static Interval?[] Run(IReadOnlyList<ScoredTexts> models, ulong seed, int resamples, int threads, CancellationToken cancellationToken)
    {
        var count = models[0].Count;
        var intervals = new Interval?[models.Count];
        if (count < FewestTexts || models.Count == 1)
        {
            return intervals;
        }

        var gains = models.Select(model => Gains(models[0], model)).ToArray();
        var draws = models.Select(_ => new double[resamples]).ToArray();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        Parallel.For(0, resamples, parallel, () => new byte[count], (resample, _, weights) =>
        {
            Resampling.Draw(seed, resample, weights);
            for (var model = 1; model < gains.Length; model++)
            {
                draws[model][resample] = WeightedSums.Dot(weights, gains[model]) / count;
            }

            return weights;
        }, _ => { });
        for (var model = 1; model < intervals.Length; model++)
        {
            intervals[model] = Interval.OfPercentiles(draws[model]);
        }

        return intervals;
    }

    /// <summary>1 where only this model is right, -1 where only the first is, else 0.</summary>
    private static float[] Gains(ScoredTexts first, ScoredTexts model) =>
        [.. Enumerable.Range(0, first.Count).Select(text => (model.IsRight(text) ? 1f : 0f) - (first.IsRight(text) ? 1f : 0f))];
}
