namespace LoraOnnx.Model.Metrics;

/// <summary>
/// The score from which a label is given, by F1: of the positive class of a two-class model; of a multi-label model over all (text, label) pairs.
/// </summary>
public static class ThresholdChoice
{
    /// <summary>What counts without a choice.</summary>
    private const double Default = 0.5;

    /// <summary>The best threshold, half-way between two neighbouring scores; of equally good ones the nearest to 0.5.</summary>
    public static double Choose(ScoredTexts texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return Choose(Pairs(texts, texts.ProblemType == ProblemType.MultiLabel ? Enumerable.Range(0, texts.Classes) : [1]));
    }

    /// <summary>The best threshold of each label of a multi-label model, by the label's own F1; 0.5 where no text has the label.</summary>
    public static IReadOnlyList<double> ChooseEach(ScoredTexts texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return [.. Enumerable.Range(0, texts.Classes).Select(label =>
            Enumerable.Range(0, texts.Count).Any(text => texts.Holds(text, label)) ? Choose(Pairs(texts, [label])) : Default)];
    }

    private static double Choose(IEnumerable<(double Score, bool Holds)> all)
    {
        var pairs = all.OrderByDescending(pair => pair.Score).ToList();
        var positives = pairs.Count(pair => pair.Holds);
        var (best, bestF1) =
            (Default, F1(pairs.TakeWhile(pair => pair.Score >= Default).Count(pair => pair.Holds), pairs.Count(pair => pair.Score >= Default),
                positives));
        var right = 0;
        for (var given = 1; given < pairs.Count; given++)
        {
            right += pairs[given - 1].Holds ? 1 : 0;
            var (above, below) = (pairs[given - 1].Score, pairs[given].Score);
            if (above == below)
            {
                continue;
            }

            var f1 = F1(right, given, positives);
            var threshold = below + ((above - below) / 2);
            if (f1 > bestF1 || (f1 == bestF1 && Math.Abs(threshold - Default) < Math.Abs(best - Default)))
            {
                (best, bestF1) = (threshold, f1);
            }
        }

        return best;
    }

    private static double F1(int right, int given, int positives) => given + positives == 0 ? 0 : 2.0 * right / (given + positives);

    private static IEnumerable<(double Score, bool Holds)> Pairs(ScoredTexts texts, IEnumerable<int> labels) =>
        from text in Enumerable.Range(0, texts.Count)
        from label in labels
        select (texts.Score(text, label), texts.Holds(text, label));
}
