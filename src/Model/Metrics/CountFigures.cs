namespace LoraOnnx.Model.Metrics;

/// <summary>The figures that follow from counts of right and wrong answers alone; what each means is said at
/// <see cref="ClassificationFigures"/>.</summary>
public readonly record struct CountFigures(
    double Accuracy, double F1, double MacroF1, double WeightedF1, double Precision, double Recall, double Matthews)
{
    /// <summary>Figures of any model's answers.</summary>
    public static CountFigures Of(ScoredTexts texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return texts.ProblemType == ProblemType.SingleLabel
            ? OfClasses(ConfusionMatrix.Of(texts))
            : OfLabels([.. Enumerable.Range(0, texts.Classes).Select(label => ConfusionMatrix.Of(texts, label))],
                Enumerable.Range(0, texts.Count).Count(texts.IsRight), texts.Count);
    }

    /// <summary>Figures of a single-label model: those of class 1 when there are two classes, macro averages when there are more.</summary>
    public static CountFigures OfClasses(ConfusionMatrix confusion)
    {
        ArgumentNullException.ThrowIfNull(confusion);
        var macroF1 = confusion.Macro(confusion.F1);
        var binary = confusion.Classes == 2;
        return new CountFigures(
            confusion.Accuracy,
            binary ? confusion.F1(1) : macroF1,
            macroF1,
            confusion.WeightedF1,
            binary ? confusion.Precision(1) : confusion.Macro(confusion.Precision),
            binary ? confusion.Recall(1) : confusion.Macro(confusion.Recall),
            confusion.Matthews);
    }

    /// <summary>Figures of a multi-label model from a two-by-two matrix a label and the number of texts whose whole set of labels is right.</summary>
    public static CountFigures OfLabels(IReadOnlyList<ConfusionMatrix> perLabel, long rightTexts, long texts)
    {
        ArgumentNullException.ThrowIfNull(perLabel);
        var pooled = ConfusionMatrix.Sum(perLabel);
        var support = pooled.Support(1);
        return new CountFigures(
            texts == 0 ? 0 : (double)rightTexts / texts,
            pooled.F1(1),
            perLabel.Average(matrix => matrix.F1(1)),
            support == 0 ? 0 : perLabel.Sum(matrix => matrix.F1(1) * matrix.Support(1)) / support,
            pooled.Precision(1),
            pooled.Recall(1),
            pooled.Matthews);
    }
}
