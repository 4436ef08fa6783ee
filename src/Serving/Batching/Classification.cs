using LoraOnnx.Serving.Admission;

namespace LoraOnnx.Serving.Batching;

/// <summary>A text's logits and how they came about.</summary>
internal sealed class Classification
{
    /// <summary>One for each label; shared between callers, never written to.</summary>
    public required float[] Logits { get; init; }

    /// <summary>Tokens that were read.</summary>
    public required int Tokens { get; init; }

    /// <summary>Tokens of the whole text.</summary>
    public required int TotalTokens { get; init; }

    /// <summary>Waiting for the engine.</summary>
    public TimeSpan Queue { get; init; }

    /// <summary>Text to token ids.</summary>
    public TimeSpan Tokenize { get; init; }

    /// <summary>The run of the batch.</summary>
    public TimeSpan Infer { get; init; }

    /// <summary>Arrival to answer.</summary>
    public TimeSpan Total { get; init; }

    /// <summary>Taken from the cache or from an identical text in flight.</summary>
    public bool Shared { get; init; }

    public bool Truncated => TotalTokens > Tokens;

    /// <summary>The same answer for a later identical text, which took no more than looking it up.</summary>
    public Classification SharedAfter(TimeSpan total) => new()
    {
        Logits = Logits,
        Tokens = Tokens,
        TotalTokens = TotalTokens,
        Total = total,
        Shared = true,
    };
}

/// <summary>A classification or a refusal, never both. Overload is common and must be cheap, so it is a value and not an exception.</summary>
internal readonly record struct Outcome(Classification? Classification, Refusal? Refusal)
{
    public static implicit operator Outcome(Classification classification) => new(classification, null);

    public static implicit operator Outcome(Refusal refusal) => new(null, refusal);
}
