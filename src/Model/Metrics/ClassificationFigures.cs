namespace LoraOnnx.Model.Metrics;

/// <summary>
/// The figures of one model on one set of texts. <see cref="F1"/>, <see cref="Precision"/> and <see cref="Recall"/> are those of the positive class
/// (class 1) of a two-class model, macro averages with more classes, and micro averages over all (text, label) pairs of a multi-label model. 0 where
/// a figure is 0/0.
/// </summary>
public sealed record ClassificationFigures
{
    /// <summary>Number of texts.</summary>
    public required int Count { get; init; }

    /// <summary>What follows from counts of right and wrong answers alone.</summary>
    public required CountFigures Counts { get; init; }

    /// <summary>Share of texts answered rightly; of a multi-label model, with the whole set of labels right.</summary>
    public double Accuracy => Counts.Accuracy;

    /// <summary>F1 as described at the type.</summary>
    public double F1 => Counts.F1;

    /// <summary>Mean F1 of the classes that occur as labels or answers; of all labels of a multi-label model.</summary>
    public double MacroF1 => Counts.MacroF1;

    /// <summary>Mean F1 of the classes weighted by their number of texts.</summary>
    public double WeightedF1 => Counts.WeightedF1;

    /// <summary>Precision as described at the type.</summary>
    public double Precision => Counts.Precision;

    /// <summary>Recall as described at the type.</summary>
    public double Recall => Counts.Recall;

    /// <summary>Matthews' correlation, -1 to 1; of a multi-label model, of all (text, label) pairs.</summary>
    public double Matthews => Counts.Matthews;

    /// <summary>Area under the ROC curve: of the positive class, or the mean over classes, each against the rest. Null when a class or its opposite
    /// is absent.</summary>
    public required double? RocAuc { get; init; }

    /// <summary>Average precision: of the positive class, or the mean over classes. Null when a class is absent.</summary>
    public required double? AveragePrecision { get; init; }

    /// <summary>Mean of <see cref="ProbabilityLoss.LogLoss"/>.</summary>
    public required double LogLoss { get; init; }

    /// <summary>Mean of <see cref="ProbabilityLoss.Brier"/>.</summary>
    public required double Brier { get; init; }

    /// <summary>Expected calibration error over <see cref="Reliability.BinCount"/> bins.</summary>
    public required double CalibrationError { get; init; }

    /// <summary>The reliability curve.</summary>
    public required IReadOnlyList<ReliabilityBin> Reliability { get; init; }

    /// <summary>Answers by true class; null for a multi-label model, which has a matrix a label.</summary>
    public required ConfusionMatrix? Confusion { get; init; }

    /// <summary>For each label, the two-by-two matrix of "it holds".</summary>
    public required IReadOnlyList<ConfusionMatrix> PerLabel { get; init; }

    /// <summary>Computes all figures; equal to scikit-learn's.</summary>
    public static ClassificationFigures Of(ScoredTexts texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfZero(texts.Count, nameof(texts));
        var perLabel = Enumerable.Range(0, texts.Classes).Select(label => ConfusionMatrix.Of(texts, label)).ToList();
        var confusion = texts.ProblemType == ProblemType.SingleLabel ? ConfusionMatrix.Of(texts) : null;
        var counted = confusion is null
            ? CountFigures.OfLabels(perLabel, Enumerable.Range(0, texts.Count).Count(texts.IsRight), texts.Count)
            : CountFigures.OfClasses(confusion);
        var bins = Metrics.Reliability.Bins(texts);
        return new ClassificationFigures
        {
            Count = texts.Count,
            Counts = counted,
            RocAuc = MeanOrNull(texts.RankedLabels.Select(label => Ranking.RocAuc(texts, label))),
            AveragePrecision = MeanOrNull(texts.RankedLabels.Select(label => Ranking.AveragePrecision(texts, label))),
            LogLoss = Enumerable.Range(0, texts.Count).Average(text => ProbabilityLoss.LogLoss(texts, text)),
            Brier = Enumerable.Range(0, texts.Count).Average(text => ProbabilityLoss.Brier(texts, text)),
            CalibrationError = Metrics.Reliability.ExpectedCalibrationError(bins),
            Reliability = bins,
            Confusion = confusion,
            PerLabel = perLabel,
        };
    }

    private static double? MeanOrNull(IEnumerable<double?> values)
    {
        var all = values.ToList();
        return all.Contains(null) ? null : all.Average();
    }
}
