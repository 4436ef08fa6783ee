namespace LoraOnnx.Evaluation.Explanations;

/// <summary>What each word of a text adds to the logit of a label, as one model reads it.</summary>
internal sealed record ExplainedAnswer
{
    /// <summary>The label whose logit is explained.</summary>
    public required string Label { get; init; }

    /// <summary>Its logit for the text.</summary>
    public required double Logit { get; init; }

    /// <summary>Its logit without words: [PAD] in their places.</summary>
    public required double BaselineLogit { get; init; }

    /// <summary>Points from there to the text at which the gradient was taken.</summary>
    public required int Steps { get; init; }

    /// <summary>How far the sum of all attributions is from what the logit changed.</summary>
    public required double Gap { get; init; }

    /// <summary>Set where the gap is larger than it should be.</summary>
    public required string? Warning { get; init; }

    /// <summary>What it took, in tokens of forward passes; 0 where a server took it.</summary>
    public required long Cost { get; init; }

    /// <summary>The words that the model read, in order.</summary>
    public required IReadOnlyList<ExplainedWord> Words { get; init; }

    /// <summary>The words that stand whole in the first characters of the text.</summary>
    public IEnumerable<ExplainedWord> Within(int characters) => Words.Where(word => word.End <= characters);

    /// <summary>What all words after them add together; null where there are none.</summary>
    public double? Beyond(int characters) => Words.All(word => word.End <= characters) ? null
        : Words.Where(word => word.End > characters).Sum(word => word.Value);
}

/// <summary>A word, its place in the text in UTF-16 units, and what it adds to the logit.</summary>
internal readonly record struct ExplainedWord(string Text, int Start, int End, double Value);
