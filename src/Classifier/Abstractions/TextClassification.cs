namespace LoraOnnx;

/// <summary>What a model makes of a text.</summary>
public sealed record TextClassification
{
    /// <summary>Name of the answered class: the most likely one, or, where a threshold was chosen for a model of two classes, the one on its side. Of
    /// a model with several labels a text, the most likely label, whether it holds or not.</summary>
    public required string Label { get; init; }

    /// <summary>Probability of <see cref="Label"/>, 0 to 1.</summary>
    public required double Score { get; init; }

    /// <summary>A score for each class, in the order of the model. They sum to 1, except where a text may have several labels.</summary>
    public required IReadOnlyList<LabelScore> Scores { get; init; }

    /// <summary>Of a model with several labels a text: those at or above their threshold, possibly none. Empty otherwise.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Tokens that the model read, special tokens included.</summary>
    public required int Tokens { get; init; }

    /// <summary>True when the text was longer than the model reads, and part of it was left out.</summary>
    public required bool IsTruncated { get; init; }
}

/// <summary>A class and its probability.</summary>
/// <param name="Label">Name of the class.</param>
/// <param name="Score">Probability, 0 to 1.</param>
public readonly record struct LabelScore(string Label, double Score);
