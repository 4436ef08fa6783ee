using LoraOnnx.Graph;
using LoraOnnx.Model;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference;

/// <summary>What is known of a loaded model.</summary>
public sealed record ModelDescription
{
    /// <summary>The ONNX file, or the checkpoint or run it was merged from in memory.</summary>
    public required string Path { get; init; }

    /// <summary>SHA-256 of the ONNX file; where it keeps numbers in files beside it, of its hash and theirs.</summary>
    public required string Hash { get; init; }

    /// <summary>Size in bytes of the ONNX file and of those that it keeps numbers in.</summary>
    public required long Bytes { get; init; }

    /// <summary>What the layers compute in, as far as it is known.</summary>
    public Precision Precision { get; init; }

    /// <summary>Which graph runs, and why it is the file's: <c>packed</c> (provably the file's own), <c>packed, compared</c> (with the file itself),
    /// <c>padded</c> (the file).</summary>
    public string Form { get; init; } = ServedForm.Packed;

    /// <summary>Shape of the model.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>Its classes, and what its logits mean.</summary>
    public ClassificationTask Task => Config.Task;

    /// <summary>Longest input in tokens: the smaller of the model's positions and the tokenizer's model_max_length.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Which part of a longer text training kept.</summary>
    public Truncation Truncation { get; init; }

    /// <summary>The file's metadata_props: base and adapter hashes, method, rank, alpha, scale, verification result.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }
}
