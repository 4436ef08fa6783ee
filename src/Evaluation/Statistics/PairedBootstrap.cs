using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>
/// Percentile bootstrap: the test set is drawn again from itself many times, and each time all models are measured on the same draw. What a figure
/// does in the middle 95 % of the draws is its interval; the same goes for its difference to the first model, in which the luck of the draw cancels.
/// </summary>
internal static class PairedBootstrap
{
    /// <summary>Measures all models on <paramref name="resamples"/> draws. The result depends on the seed, not on the number of threads.</summary>
    public static IReadOnlyList<ModelIntervals> Run(
        IReadOnlyList<ScoredTexts> models, ulong seed, int resamples, int threads, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var prepared = models.Select(texts => new ResampledModel(texts)).ToArray();
        var draws = prepared.Select(model => new Draws(model.ValueCount, resamples)).ToArray();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        Parallel.For(0, resamples, parallel, () => new Scratch(models[0].Count, prepared), (resample, _, scratch) =>
        {
            Resampling.Draw(seed, resample, scratch.Weights);
            for (var model = 0; model < prepared.Length; model++)
            {
                var values = scratch.Values.AsSpan(0, prepared[model].ValueCount);
                prepared[model].Evaluate(scratch.Weights, scratch.Answers.AsSpan(0, prepared[model].AnswerCount), values);
                draws[model].Keep(resample, values);
            }

            return scratch;
        }, _ => { });
        return [.. prepared.Zip(draws, (model, own) => Summarize(model, own, draws[0], parallel))];
    }

    private static ModelIntervals Summarize(ResampledModel model, Draws own, Draws first, ParallelOptions parallel)
    {
        var values = new Interval?[model.ValueCount];
        var differences = new Interval?[Figure.All.Count];
        Parallel.For(0, values.Length + differences.Length, parallel, job =>
        {
            if (job < values.Length)
            {
                values[job] = Interval.OfPercentiles(own.Of(job));
            }
            else
            {
                var figure = job - values.Length;
                differences[figure] = Interval.OfPercentiles(Differences(own.Of(figure), first.Of(figure)));
            }
        });
        return new ModelIntervals
        {
            Figures = ByFigure(values),
            Differences = ByFigure(differences),
            Reliability = [.. values.Skip(Figure.All.Count).Chunk(2).Select(point => (point[0], point[1]))],
        };
    }

    private static double[] Differences(ReadOnlySpan<double> own, ReadOnlySpan<double> first)
    {
        var differences = new double[own.Length];
        for (var resample = 0; resample < differences.Length; resample++)
        {
            differences[resample] = own[resample] - first[resample];
        }

        return differences;
    }

    private static Dictionary<Figure, Interval?> ByFigure(IEnumerable<Interval?> intervals) =>
        Figure.All.Zip(intervals).ToDictionary(pair => pair.First, pair => pair.Second);

    /// <summary>The values of all resamples, those of one figure beside each other.</summary>
    private sealed class Draws(int values, int resamples)
    {
        private readonly double[] _draws = new double[values * resamples]; // [values, resamples]

        public void Keep(int resample, ReadOnlySpan<double> drawn)
        {
            for (var value = 0; value < drawn.Length; value++)
            {
                _draws[(value * resamples) + resample] = drawn[value];
            }
        }

        public ReadOnlySpan<double> Of(int value) => _draws.AsSpan(value * resamples, resamples);
    }

    /// <summary>What a thread needs for one resample after another.</summary>
    private sealed class Scratch(int texts, ResampledModel[] models)
    {
        public byte[] Weights { get; } = new byte[texts];

        public byte[] Answers { get; } = new byte[models.Max(model => model.AnswerCount)];

        public double[] Values { get; } = new double[models.Max(model => model.ValueCount)];
    }
}
