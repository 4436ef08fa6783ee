namespace LoraOnnx.Model.Metrics;

/// <summary>A point of a ROC curve: share of negatives and of positives whose score is at least <paramref name="Threshold"/>.</summary>
public readonly record struct RocPoint(double FalsePositiveRate, double TruePositiveRate, double Threshold);

/// <summary>How well the scores of one label put texts where it holds before those where it does not; no threshold is involved.</summary>
public static class Ranking
{
    /// <summary>Area under the ROC curve: the chance that a positive scores above a negative, ties counting half. Null when either kind is
    /// absent.</summary>
    public static double? RocAuc(ScoredTexts texts, int label)
    {
        long positives = 0, negatives = 0;
        UInt128 twiceArea = 0; // in units of half a (positive, negative) pair: exact
        foreach (var (_, positive, negative) in Groups(texts, label))
        {
            twiceArea += (UInt128)negative * (UInt128)((2 * positives) + positive);
            positives += positive;
            negatives += negative;
        }

        return positives == 0 || negatives == 0 ? null : (double)twiceArea / (2.0 * positives * negatives);
    }

    /// <summary>Average precision: precision at each distinct score, weighted by the recall gained there. Null when no text is positive.</summary>
    public static double? AveragePrecision(ScoredTexts texts, int label)
    {
        long positives = 0, taken = 0;
        var sum = 0.0;
        foreach (var (_, positive, negative) in Groups(texts, label))
        {
            positives += positive;
            taken += positive + negative;
            sum += positive * ((double)positives / taken);
        }

        return positives == 0 ? null : sum / positives;
    }

    /// <summary>The ROC curve from (0, 0) to (1, 1), a point for each distinct score; empty when either kind is absent.</summary>
    public static IReadOnlyList<RocPoint> RocCurve(ScoredTexts texts, int label)
    {
        var groups = Groups(texts, label).ToList();
        var (positives, negatives) = (groups.Sum(group => group.Positives), groups.Sum(group => group.Negatives));
        if (positives == 0 || negatives == 0)
        {
            return [];
        }

        var points = new List<RocPoint>(groups.Count + 1) { new(0, 0, double.PositiveInfinity) };
        long right = 0, wrong = 0;
        foreach (var (score, positive, negative) in groups)
        {
            right += positive;
            wrong += negative;
            points.Add(new RocPoint((double)wrong / negatives, (double)right / positives, score));
        }

        return points;
    }

    /// <summary>Texts with the same score, best first.</summary>
    private static IEnumerable<(double Score, long Positives, long Negatives)> Groups(ScoredTexts texts, int label)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var scores = new double[texts.Count];
        var holds = new bool[texts.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = texts.Score(i, label);
            holds[i] = texts.Holds(i, label);
        }

        Array.Sort(scores, holds);
        for (var end = scores.Length; end > 0;)
        {
            var start = end;
            long positives = 0;
            while (start > 0 && scores[start - 1] == scores[end - 1])
            {
                positives += holds[--start] ? 1 : 0;
            }

            yield return (scores[end - 1], positives, end - start - positives);
            end = start;
        }
    }
}
