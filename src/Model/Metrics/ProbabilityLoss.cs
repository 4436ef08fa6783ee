namespace LoraOnnx.Model.Metrics;

/// <summary>What a wrong or unsure score costs, a text at a time; the mean over texts is the figure.</summary>
public static class ProbabilityLoss
{
    /// <summary>Scores are kept this far from 0 and 1, as scikit-learn does: the spacing of doubles at 1.</summary>
    private const double Epsilon = 2.220446049250313e-16;

    /// <summary>-ln of the true class's score; for a multi-label model the mean over labels of each label's own.</summary>
    public static double LogLoss(ScoredTexts texts, int text)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (texts.ProblemType == ProblemType.SingleLabel)
        {
            return -Math.Log(Math.Clamp(texts.Score(text, texts.Label(text)), Epsilon, 1 - Epsilon));
        }

        var sum = 0.0;
        for (var label = 0; label < texts.Classes; label++)
        {
            var score = texts.Score(text, label);
            sum -= Math.Log(Math.Clamp(texts.Holds(text, label) ? score : 1 - score, Epsilon, 1 - Epsilon));
        }

        return sum / texts.Classes;
    }

    /// <summary>
    /// Brier score: squared distance of the positive class's score from 0 or 1; with more classes, summed over them (scikit-learn's choice); for a
    /// multi-label model, the mean over labels.
    /// </summary>
    public static double Brier(ScoredTexts texts, int text)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var sum = 0.0;
        var binary = texts.ProblemType == ProblemType.SingleLabel && texts.Classes == 2;
        for (var label = binary ? 1 : 0; label < texts.Classes; label++)
        {
            var distance = texts.Score(text, label) - (texts.Holds(text, label) ? 1 : 0);
            sum += distance * distance;
        }

        return texts.ProblemType == ProblemType.MultiLabel ? sum / texts.Classes : sum;
    }
}
