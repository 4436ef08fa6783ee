namespace LoraOnnx.Model.Metrics;

/// <summary>
/// The 95 % bootstrap interval of F1 from counts alone: texts drawn again with replacement fall into the cells of the confusion matrix, or
/// among the sets of labels, with their shares, so the texts themselves are not needed.
/// </summary>
public static class F1Interval
{
    /// <summary>The ends are known to a tenth of their distance from the middle, and better.</summary>
    private const int Resamples = 2_000;

    private const int Seed = 42;

    /// <summary>The 2.5 % and 97.5 % percentiles of F1 as <see cref="CountFigures"/> defines it.</summary>
    public static (double Low, double High) Of(ConfusionMatrix confusion)
    {
        ArgumentNullException.ThrowIfNull(confusion);
        var classes = confusion.Classes;
        return Of([.. confusion.Rows.SelectMany(row => row)], drawn =>
        {
            var counts = new long[classes, classes];
            for (var cell = 0; cell < drawn.Length; cell++)
            {
                counts[cell / classes, cell % classes] = drawn[cell];
            }

            return CountFigures.OfClasses(new ConfusionMatrix(counts)).F1;
        });
    }

    /// <summary>The same of micro F1, where several labels hold for a text.</summary>
    public static (double Low, double High) Of(IReadOnlyList<LabelSetCount> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        return Of([.. sets.Select(set => set.Texts)], drawn =>
        {
            var pooled = new long[2, 2];
            for (var set = 0; set < drawn.Length; set++)
            {
                pooled[1, 1] += drawn[set] * sets[set].Found;
                pooled[0, 1] += drawn[set] * sets[set].Wrong;
                pooled[1, 0] += drawn[set] * sets[set].Missed;
            }

            return new ConfusionMatrix(pooled).F1(1);
        });
    }

    /// <param name="counts">Texts of each kind.</param>
    /// <param name="f1">F1 of so many texts of each kind.</param>
    private static (double Low, double High) Of(long[] counts, Func<long[], double> f1)
    {
        int[] kindOfText = [.. counts.SelectMany((count, kind) => Enumerable.Repeat(kind, (int)count))];
        ArgumentOutOfRangeException.ThrowIfZero(kindOfText.Length, nameof(counts));
        var values = new double[Resamples];
        var random = new Random(Seed); // with a seed the same on every machine
        for (var resample = 0; resample < Resamples; resample++)
        {
            var drawn = new long[counts.Length];
            for (var text = 0; text < kindOfText.Length; text++)
            {
                drawn[kindOfText[random.Next(kindOfText.Length)]]++;
            }

            values[resample] = f1(drawn);
        }

        Array.Sort(values);
        return (values[(int)(0.025 * (Resamples - 1))], values[(int)Math.Ceiling(0.975 * (Resamples - 1))]);
    }
}
