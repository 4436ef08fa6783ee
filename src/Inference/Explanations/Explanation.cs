using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Explanations;

/// <summary>
/// What each part of a text adds to the logit of a class: integrated gradients over the word embeddings, from a baseline of [PAD] between the first
/// and the last token.
/// </summary>
public sealed record Explanation
{
    /// <summary>The class whose logit is explained: its place among the labels.</summary>
    public required int Class { get; init; }

    /// <summary>The logits of the text, in fp32.</summary>
    public required IReadOnlyList<float> Logits { get; init; }

    /// <summary>The logits of the baseline.</summary>
    public required IReadOnlyList<float> BaselineLogits { get; init; }

    /// <summary>Every token that the model read, special ones included.</summary>
    public required IReadOnlyList<TokenAttribution> Tokens { get; init; }

    /// <summary>Every word that the model read, in order.</summary>
    public required IReadOnlyList<WordAttribution> Words { get; init; }

    /// <summary>Points of the line from baseline to text at which the gradient was taken.</summary>
    public required int Steps { get; init; }

    /// <summary>The text as the model read it.</summary>
    public required EncodedText Text { get; init; }

    /// <summary>The class's logit for the text.</summary>
    public double Logit => Logits[Class];

    /// <summary>The class's logit for the baseline.</summary>
    public double BaselineLogit => BaselineLogits[Class];

    /// <summary>How much the two differ.</summary>
    public double Change => Logit - BaselineLogit;

    /// <summary>Completeness: |sum of all attributions − <see cref="Change"/>|.</summary>
    public double Gap => Math.Abs(Tokens.Sum(token => token.Value) - Change);

    /// <summary>The largest gap that is not worth a word: 2 % of the change, or 0.02, whichever is larger.</summary>
    public double AllowedGap => Math.Max(0.02 * Math.Abs(Change), 0.02);

    /// <summary>What is wrong with the attributions, as a sentence; null where nothing is.</summary>
    public string? Warning => Gap <= AllowedGap ? null : string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"The attributions sum up to {Change:G3} but for {Gap:G3} after {Steps} steps: they are a rough picture.");
}

/// <summary>What one token adds.</summary>
/// <param name="Token">Its id, and its place in the text in UTF-16 units.</param>
/// <param name="Value">Its part of the change.</param>
public readonly record struct TokenAttribution(Token Token, double Value);

/// <summary>What one word adds: the sum of its tokens.</summary>
/// <param name="Start">Where it begins in the text, in UTF-16 units.</param>
/// <param name="End">Where it ends, exclusive.</param>
/// <param name="Value">Its part of the change.</param>
public readonly record struct WordAttribution(int Start, int End, double Value);
