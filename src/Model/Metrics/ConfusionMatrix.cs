namespace LoraOnnx.Model.Metrics;

/// <summary>How often each class was answered for each true class; and what follows from these counts alone, with scikit-learn's conventions: 0 where
/// a figure is 0/0.</summary>
public sealed class ConfusionMatrix
{
    private readonly long[,] _counts;
    private readonly long[] _support;
    private readonly long[] _answers;

    /// <summary>Takes counts over: rows are true classes, columns answers.</summary>
    public ConfusionMatrix(long[,] counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentOutOfRangeException.ThrowIfNotEqual(counts.GetLength(1), counts.GetLength(0), nameof(counts));
        _counts = counts;
        _support = new long[counts.GetLength(0)];
        _answers = new long[counts.GetLength(0)];
        for (var actual = 0; actual < _support.Length; actual++)
        {
            for (var predicted = 0; predicted < _answers.Length; predicted++)
            {
                _support[actual] += counts[actual, predicted];
                _answers[predicted] += counts[actual, predicted];
                Total += counts[actual, predicted];
            }
        }
    }

    /// <summary>Takes counts row by row, as <see cref="Rows"/> gives them.</summary>
    public static ConfusionMatrix Of(IReadOnlyList<IReadOnlyList<long>> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var counts = new long[rows.Count, rows.Count];
        for (var cell = 0; cell < counts.Length; cell++)
        {
            counts[cell / rows.Count, cell % rows.Count] = rows[cell / rows.Count][cell % rows.Count];
        }

        return new ConfusionMatrix(counts);
    }

    /// <summary>The counts: a row a true class.</summary>
    public IReadOnlyList<IReadOnlyList<long>> Rows =>
        [.. Enumerable.Range(0, Classes).Select(actual => (long[])[.. Enumerable.Range(0, Classes).Select(predicted => _counts[actual, predicted])])];

    /// <summary>Number of classes.</summary>
    public int Classes => _support.Length;

    /// <summary>Texts of class <paramref name="actual"/> that were answered with <paramref name="predicted"/>.</summary>
    public long this[int actual, int predicted] => _counts[actual, predicted];

    /// <summary>Number of texts.</summary>
    public long Total { get; }

    /// <summary>Counts the answers of a single-label model.</summary>
    public static ConfusionMatrix Of(ScoredTexts texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfNotEqual((int)texts.ProblemType, (int)ProblemType.SingleLabel, nameof(texts));
        var counts = new long[texts.Classes, texts.Classes];
        for (var i = 0; i < texts.Count; i++)
        {
            counts[texts.Label(i), texts.Prediction(i)]++;
        }

        return new ConfusionMatrix(counts);
    }

    /// <summary>The two-by-two matrix of one label (class 1: the label holds) of any model.</summary>
    public static ConfusionMatrix Of(ScoredTexts texts, int label)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var counts = new long[2, 2];
        for (var i = 0; i < texts.Count; i++)
        {
            counts[texts.Holds(i, label) ? 1 : 0, texts.Predicted(i, label) ? 1 : 0]++;
        }

        return new ConfusionMatrix(counts);
    }

    /// <summary>The matrix of all answers of several matrices of the same size.</summary>
    public static ConfusionMatrix Sum(IReadOnlyList<ConfusionMatrix> matrices)
    {
        ArgumentNullException.ThrowIfNull(matrices);
        var counts = new long[matrices[0].Classes, matrices[0].Classes];
        foreach (var matrix in matrices)
        {
            for (var cell = 0; cell < counts.Length; cell++)
            {
                counts[cell / matrix.Classes, cell % matrix.Classes] += matrix[cell / matrix.Classes, cell % matrix.Classes];
            }
        }

        return new ConfusionMatrix(counts);
    }

    /// <summary>Share of texts answered rightly.</summary>
    public double Accuracy => Ratio(Right, Total);

    /// <summary>Texts whose true class is <paramref name="label"/>.</summary>
    public long Support(int label) => _support[label];

    /// <summary>Texts answered with <paramref name="label"/>.</summary>
    public long Answers(int label) => _answers[label];

    /// <summary>Share of the answers <paramref name="label"/> that are right.</summary>
    public double Precision(int label) => Ratio(_counts[label, label], Answers(label));

    /// <summary>Share of the texts of class <paramref name="label"/> that were found.</summary>
    public double Recall(int label) => Ratio(_counts[label, label], Support(label));

    /// <summary>Harmonic mean of precision and recall of a class: 2·TP / (2·TP + FP + FN).</summary>
    public double F1(int label) => Ratio(2 * _counts[label, label], Support(label) + Answers(label));

    /// <summary>Mean of a figure over the classes that occur, as labels or as answers.</summary>
    public double Macro(Func<int, double> figure)
    {
        ArgumentNullException.ThrowIfNull(figure);
        var (sum, classes) = (0.0, 0);
        for (var label = 0; label < Classes; label++)
        {
            if (_support[label] + _answers[label] > 0)
            {
                sum += figure(label);
                classes++;
            }
        }

        return classes == 0 ? 0 : sum / classes;
    }

    /// <summary>Mean F1 of the classes, weighted by their number of texts.</summary>
    public double WeightedF1 => Total == 0 ? 0 : Enumerable.Range(0, Classes).Sum(label => F1(label) * Support(label)) / Total;

    /// <summary>Matthews' correlation of labels and answers, -1 to 1.</summary>
    public double Matthews
    {
        get
        {
            double total = Total;
            double right = Right;
            double both = 0, actual = total * total, predicted = total * total;
            for (var label = 0; label < Classes; label++)
            {
                both += (double)Support(label) * Answers(label);
                actual -= (double)Support(label) * Support(label);
                predicted -= (double)Answers(label) * Answers(label);
            }

            return actual * predicted == 0 ? 0 : ((right * total) - both) / Math.Sqrt(actual * predicted);
        }
    }

    private long Right
    {
        get
        {
            var right = 0L;
            for (var label = 0; label < Classes; label++)
            {
                right += _counts[label, label];
            }

            return right;
        }
    }

    private static double Ratio(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
}
