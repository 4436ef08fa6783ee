using LoraOnnx.Evaluation.Models;
using LoraOnnx.Inference;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation;

/// <summary>Everything that decides a comparison and where it goes.</summary>
internal sealed record CompareOptions
{
    /// <summary>The models; the first is what the others are compared with.</summary>
    public required IReadOnlyList<ModelArgument> Models { get; init; }

    /// <summary>Test texts.</summary>
    public required string Data { get; init; }

    /// <summary>How files of texts are read.</summary>
    public TextOptions Texts { get; init; } = new();

    /// <summary>Where report.html goes, or null.</summary>
    public string? Out { get; init; }

    /// <summary>The report as JSON on standard output, in place of the table.</summary>
    public bool Json { get; init; }

    /// <summary>A Markdown table on standard output, in place of the plain one.</summary>
    public bool Markdown { get; init; }

    /// <summary>Where the figures go as CSV, or null.</summary>
    public string? Csv { get; init; }

    /// <summary>Where each model's answer to each text goes, or null.</summary>
    public string? Predictions { get; init; }

    /// <summary>Texts of each list of those that flipped whose words are explained, whatever it costs; null: two, at half the cost of
    /// scoring.</summary>
    public int? Explain { get; init; }

    /// <summary>CSV files begin with a byte order mark.</summary>
    public bool ByteOrderMark { get; init; }

    /// <summary>Key for the models that are servers; null: none. No report names it.</summary>
    public string? ApiKey { get; init; }

    /// <summary>What the layers of ONNX files compute in.</summary>
    public PrecisionRule Precision { get; init; } = PrecisionRule.Auto;

    /// <summary>Texts to choose scale, threshold and temperature on; null when nothing is chosen.</summary>
    public string? Validation { get; init; }

    /// <summary>Scales to try the adapters of runs at, rising; empty: only 1.</summary>
    public IReadOnlyList<double> SweepScales { get; init; } = [];

    /// <summary>Choose the score from which the positive class is answered.</summary>
    public bool Threshold { get; init; }

    /// <summary>Choose the temperature that makes scores mean what they say.</summary>
    public bool Calibrate { get; init; }

    /// <summary>Conditions on the figures; all must hold.</summary>
    public IReadOnlyList<string> Requirements { get; init; } = [];

    /// <summary>Columns of the data to slice by.</summary>
    public IReadOnlyList<string> Slices { get; init; } = [];

    /// <summary>Models of folders of lora-train --per, by their places.</summary>
    public IReadOnlyList<ValueModels> Values { get; init; } = [];

    /// <summary>Longest input in tokens for all models; null: each model's own.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Which part of long texts is kept for all models; null: each model's own.</summary>
    public Truncation? Truncate { get; init; }

    /// <summary>Threads that compute; at least 1. The figures do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Seed of the bootstrap.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Resamples of the bootstrap; null: <see cref="Statistics.Resampling.DefaultCount"/>.</summary>
    public int? Resamples { get; init; }
}
