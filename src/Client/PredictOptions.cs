using LoraOnnx.V1;

namespace LoraOnnx.Client;

/// <summary>What to ask about a text.</summary>
public sealed record PredictOptions
{
    /// <summary>The server's first model, its newest version, cut at the end, no logits.</summary>
    public static readonly PredictOptions Default = new();

    /// <summary>Name of the model; empty: the server's first.</summary>
    public string Model { get; init; } = "";

    /// <summary>Version of the model; empty: the one loaded last.</summary>
    public string ModelVersion { get; init; } = "";

    /// <summary>What to keep of a text that is too long.</summary>
    public Truncation Truncation { get; init; }

    /// <summary>Return the raw logits too.</summary>
    public bool IncludeLogits { get; init; }
}
