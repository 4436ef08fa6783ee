namespace LoraOnnx.Model.Metrics;

/// <summary>Answers whose confidence lies in (<paramref name="From"/>, <paramref name="To"/>]: how many, how sure, and how often right.</summary>
public readonly record struct ReliabilityBin(double From, double To, long Count, double MeanConfidence, double Accuracy);

/// <summary>Do the scores mean what they say? Confidence is the score of the answer; for a multi-label model every label of every text is an
/// answer.</summary>
public static class Reliability
{
    /// <summary>Bins of equal width between 0 and 1.</summary>
    public const int BinCount = 15;

    /// <summary>The bin of a confidence: (lo, hi], the first one with 0.</summary>
    public static int BinOf(double confidence)
    {
        var bin = Math.Clamp((int)(confidence * BinCount), 0, BinCount - 1);
        return bin > 0 && confidence <= LowerEdge(bin) ? bin - 1 : bin < BinCount - 1 && confidence > LowerEdge(bin + 1) ? bin + 1 : bin;
    }

    /// <summary>All bins, empty ones included.</summary>
    public static IReadOnlyList<ReliabilityBin> Bins(ScoredTexts texts)
    {
        var counts = new long[BinCount];
        var rights = new long[BinCount];
        var confidences = new double[BinCount];
        foreach (var (confidence, right) in Answers(texts))
        {
            var bin = BinOf(confidence);
            counts[bin]++;
            rights[bin] += right ? 1 : 0;
            confidences[bin] += confidence;
        }

        return [.. Enumerable.Range(0, BinCount).Select(bin => new ReliabilityBin(LowerEdge(bin), LowerEdge(bin + 1), counts[bin],
            counts[bin] == 0 ? 0 : confidences[bin] / counts[bin], counts[bin] == 0 ? 0 : (double)rights[bin] / counts[bin]))];
    }

    /// <summary>Expected calibration error: Σ share of the bin · |accuracy - mean confidence|, 0 to 1.</summary>
    public static double ExpectedCalibrationError(IReadOnlyList<ReliabilityBin> bins)
    {
        var total = bins.Sum(bin => bin.Count);
        return total == 0 ? 0 : bins.Sum(bin => bin.Count * Math.Abs(bin.Accuracy - bin.MeanConfidence)) / total;
    }

    /// <summary>The confidence of each answer, and whether it is right.</summary>
    public static IEnumerable<(double Confidence, bool Right)> Answers(ScoredTexts texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        for (var i = 0; i < texts.Count; i++)
        {
            if (texts.ProblemType == ProblemType.SingleLabel)
            {
                yield return (texts.Score(i, texts.Prediction(i)), texts.Prediction(i) == texts.Label(i));
                continue;
            }

            for (var label = 0; label < texts.Classes; label++)
            {
                var predicted = texts.Predicted(i, label);
                yield return (predicted ? texts.Score(i, label) : 1 - texts.Score(i, label), predicted == texts.Holds(i, label));
            }
        }
    }

    private static double LowerEdge(int bin) => bin == BinCount ? 1 : bin * (1.0 / BinCount);
}
