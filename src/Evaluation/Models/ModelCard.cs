namespace LoraOnnx.Evaluation.Models;

/// <summary>What a model is and what it cost to make; null where nobody says.</summary>
internal sealed record ModelCard
{
    /// <summary>The path or address as given.</summary>
    public required string Path { get; init; }

    /// <summary>The path as reports show it.</summary>
    public string Source => SourceName.Of(Path);

    /// <summary><c>onnx</c>, <c>checkpoint</c>, <c>run</c> or <c>server</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>SHA-256 of what the model is made of, by part: <c>onnx</c>, <c>weights</c>, or <c>base</c>, <c>adapter</c> and <c>head</c>.</summary>
    public required IReadOnlyDictionary<string, string> Hashes { get; init; }

    /// <summary>Size of the ONNX file in bytes, or of what the weights would be written as.</summary>
    public required long Bytes { get; init; }

    /// <summary>Longest input in tokens.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>What its layers computed in when it was measured: <c>fp32</c>, <c>int8</c> or another; null where a server does not say.</summary>
    public required string? Precision { get; init; }

    /// <summary>Which part of a longer text is kept: <c>head</c>, <c>tail</c> or <c>head+tail</c>.</summary>
    public required string Truncate { get; init; }

    /// <summary><c>raw</c>, <c>head</c>, <c>lora</c> or <c>lora+head</c>.</summary>
    public string? Method { get; init; }

    /// <summary>Rank of the adapters; several comma-separated.</summary>
    public string? Rank { get; init; }

    /// <summary>What the adapters were multiplied by on top of alpha/rank.</summary>
    public double? Scale { get; init; }

    /// <summary>Parameters that training changed; 0 for a raw model.</summary>
    public long? TrainedParameters { get; init; }

    /// <summary>Wall time of training in seconds; 0 for a raw model.</summary>
    public double? TrainingSeconds { get; init; }

    /// <summary>Real tokens trained on, over all epochs; 0 for a raw model.</summary>
    public long? TrainedTokens { get; init; }

    /// <summary>Where calibration.json belongs; null for a server.</summary>
    public string? Directory { get; init; }

    /// <summary>SHA-256 of the ONNX file that was loaded; null where weights were merged in memory.</summary>
    public string? FileHash => Hashes.GetValueOrDefault("onnx");
}
