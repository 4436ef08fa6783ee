namespace LoraOnnx.Scoring;

/// <summary>What a model says of a text.</summary>
/// <param name="Label">Index of the answer; of a multi-label model, of the highest score.</param>
/// <param name="Scores">For each class, 0 to 1.</param>
/// <param name="Holding">Of a multi-label model: the classes at or above its threshold; else empty.</param>
/// <param name="Truncated">True where part of the text was left out.</param>
internal sealed record Verdict(int Label, double[] Scores, IReadOnlyList<int> Holding, bool Truncated);

/// <summary>A verdict, or why there is none.</summary>
internal readonly record struct ScoredText(Verdict? Verdict, string? Error);
