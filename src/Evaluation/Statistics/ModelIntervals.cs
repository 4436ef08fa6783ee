namespace LoraOnnx.Evaluation.Statistics;

/// <summary>The 95 % intervals of one model; null where no draw gave a value.</summary>
internal sealed record ModelIntervals
{
    public required IReadOnlyDictionary<Figure, Interval?> Figures { get; init; }

    /// <summary>Of each figure less the first model's on the same draw.</summary>
    public required IReadOnlyDictionary<Figure, Interval?> Differences { get; init; }

    /// <summary>Points of the reliability curve: the bins that hold an answer, rising.</summary>
    public required IReadOnlyList<(Interval? MeanConfidence, Interval? Accuracy)> Reliability { get; init; }
}
