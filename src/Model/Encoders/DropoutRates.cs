namespace LoraOnnx.Model.Encoders;

/// <summary>Shares of numbers that training sets to 0, each 0 to 1.</summary>
public sealed record DropoutRates
{
    /// <summary>After the embeddings and after the feed-forward part.</summary>
    public double Hidden { get; init; } = 0.1;

    /// <summary>Of attention weights.</summary>
    public double Attention { get; init; } = 0.1;

    /// <summary>After the attention's output module; DistilBERT has none there.</summary>
    public double AttentionOutput { get; init; }

    /// <summary>Of what the head's modules read.</summary>
    public double Head { get; init; } = 0.2;
}
