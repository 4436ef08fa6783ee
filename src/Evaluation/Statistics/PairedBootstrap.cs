using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>
/// Percentile bootstrap: the test set is drawn again from itself many times, and each time all models are measured on the same draw. What a figure does in the
/// middle 95 % of the draws is its interval; the same goes for its difference to the first model, in which the luck of the draw cancels.
/// </summary>
internal sealed class PairedBootstrap
{
    private readonly Interval?[][] _values; // [models][values]
    private readonly Interval?[][] _differences;

    private PairedBootstrap(Interval?[][] values, Interval?[][] differences)
    {
        _values = values;
        _differences = differences;
    }

    /// <summary>The interval of a figure; null when no draw gave one.</summary>
    public Interval? Of(int model, Figure figure) => _values[model][IndexOf(figure)];

    /// <summary>The interval of a model's figure less the first model's; null when no draw gave both.</summary>
    public Interval? Difference(int model, Figure figure) => _differences[model][IndexOf(figure)];

    /// <summary>The interval of a cell of the confusion matrix, row by row; null for multi-label models and large matrices.</summary>
    public Interval? Cell(int model, int cell) => Figure.All.Count + cell is var index && index < _values[model].Length ? _values[model][index] : null;

    /// <summary>Measures all models on <paramref name="resamples"/> draws. The result depends on the seed, not on the number of threads.</summary>
    public static PairedBootstrap Run(IReadOnlyList<ScoredTexts> models, ulong seed, int resamples, int threads, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var prepared = models.Select(texts => new ResampledModel(texts)).ToArray();
        var draws = prepared.Select(model => new double[model.ValueCount * resamples]).ToArray(); // [models][values, resamples]
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        Parallel.For(0, resamples, parallel, () => new Scratch(models[0].Count, prepared), (resample, _, scratch) =>
        {
            Resampling.Draw(seed, resample, scratch.Weights);
            for (var model = 0; model < prepared.Length; model++)
            {
                var values = scratch.Values.AsSpan(0, prepared[model].ValueCount);
                prepared[model].Evaluate(scratch.Weights, scratch.Answers.AsSpan(0, prepared[model].AnswerCount), values);
                for (var value = 0; value < values.Length; value++)
                {
                    draws[model][(value * resamples) + resample] = values[value];
                }
            }

            return scratch;
        }, _ => { });
        return Summarize(prepared, draws, resamples, parallel);
    }

    private static PairedBootstrap Summarize(ResampledModel[] models, double[][] draws, int resamples, ParallelOptions parallel)
    {
        var values = models.Select(model => new Interval?[model.ValueCount]).ToArray();
        var differences = models.Select(model => new Interval?[model.ValueCount]).ToArray();
        var jobs = models.SelectMany((model, index) => Enumerable.Range(0, model.ValueCount).Select(value => (Model: index, Value: value))).ToList();
        Parallel.ForEach(jobs, parallel, job =>
        {
            var (model, value) = job;
            var own = draws[model].AsSpan(value * resamples, resamples);
            var first = draws[0].AsSpan(value * resamples, resamples);
            var difference = new double[resamples];
            for (var resample = 0; resample < resamples; resample++)
            {
                difference[resample] = own[resample] - first[resample];
            }

            values[model][value] = Interval.OfPercentiles(own);
            differences[model][value] = Interval.OfPercentiles(difference);
        });
        return new PairedBootstrap(values, differences);
    }

    private static int IndexOf(Figure figure)
    {
        for (var i = 0; i < Figure.All.Count; i++)
        {
            if (Figure.All[i] == figure)
            {
                return i;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(figure), figure.Key, "not among Figure.All.");
    }

    /// <summary>What a thread needs for one resample after another.</summary>
    private sealed class Scratch(int texts, ResampledModel[] models)
    {
        public byte[] Weights { get; } = new byte[texts];

        public byte[] Answers { get; } = new byte[models.Max(model => model.AnswerCount)];

        public double[] Values { get; } = new double[models.Max(model => model.ValueCount)];
    }
}
