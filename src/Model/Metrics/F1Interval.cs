namespace LoraOnnx.Model.Metrics;

/// <summary>
/// The 95 % bootstrap interval of F1 from counts alone: texts drawn again with replacement fall into the cells of the confusion matrix with the
/// cells' shares, so the texts themselves are not needed.
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
        ArgumentOutOfRangeException.ThrowIfZero(confusion.Total, nameof(confusion));
        var classes = confusion.Classes;
        var cellOfText = new int[confusion.Total];
        var filled = 0;
        for (var cell = 0; cell < classes * classes; cell++)
        {
            var count = (int)confusion[cell / classes, cell % classes];
            cellOfText.AsSpan(filled, count).Fill(cell);
            filled += count;
        }

        var values = new double[Resamples];
        var random = new Random(Seed); // with a seed the same on every machine
        for (var resample = 0; resample < Resamples; resample++)
        {
            var counts = new long[classes, classes];
            for (var text = 0; text < cellOfText.Length; text++)
            {
                var cell = cellOfText[random.Next(cellOfText.Length)];
                counts[cell / classes, cell % classes]++;
            }

            values[resample] = CountFigures.OfClasses(new ConfusionMatrix(counts)).F1;
        }

        Array.Sort(values);
        return (values[(int)(0.025 * (Resamples - 1))], values[(int)Math.Ceiling(0.975 * (Resamples - 1))]);
    }
}
