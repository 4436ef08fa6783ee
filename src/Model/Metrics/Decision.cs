namespace LoraOnnx.Model.Metrics;

/// <summary>What a model says of a text, by the indices of its labels.</summary>
/// <param name="Label">The answer; of a multi-label model the highest score, whether it holds or not.</param>
/// <param name="Holding">The labels that the text has: of a single-label model the answer alone, of a multi-label one any number.</param>
public readonly record struct Decision(int Label, IReadOnlyList<int> Holding);
