namespace LoraOnnx.Inference;

/// <summary>Where and how a model runs.</summary>
public sealed record InferenceOptions
{
    /// <summary><c>auto</c>, <c>cpu</c> or <c>cuda</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Threads inside one run; 0: all cores the process may use.</summary>
    public int Threads { get; init; }

    /// <summary>Gets one line for each choice worth knowing: padded fallback, device fallback, precision picked.</summary>
    public Action<string>? Log { get; init; }
}
