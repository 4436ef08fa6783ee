namespace LoraOnnx.Model.Runs;

/// <summary>What run.json says of a training run. Written by lora-train, read by lora-merge and lora-compare; unknown keys are kept out of the way.</summary>
public sealed record RunRecord
{
    /// <summary>Version of the tool that wrote the run.</summary>
    public required string ToolVersion { get; init; }

    /// <summary><c>lora</c>, <c>head</c> or <c>lora+head</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The base as given to --model: a directory (made absolute) or a hub id.</summary>
    public required string Model { get; init; }

    /// <summary>Directory in which the base was found.</summary>
    public required string ModelDirectory { get; init; }

    /// <summary>SHA-256 of the base's weights, as <see cref="Checkpoints.Checkpoint.WeightsHash"/> gives it.</summary>
    public required string ModelHash { get; init; }

    /// <summary>Rank of the adapters, or null for head-only runs.</summary>
    public int? Rank { get; init; }

    /// <summary>Alpha of the adapters, or null for head-only runs.</summary>
    public double? Alpha { get; init; }

    /// <summary>Longest input in tokens that training used.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Which part of long texts was kept: <c>head</c>, <c>tail</c> or <c>head+tail</c>.</summary>
    public string Truncate { get; init; } = "head";

    /// <summary><c>fp32</c> or <c>bf16</c>.</summary>
    public required string Precision { get; init; }

    /// <summary><c>cpu</c> or <c>cuda</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Number of trained parameters.</summary>
    public required long TrainedParameters { get; init; }

    /// <summary>Wall time of training, evaluation included, in seconds; resumed parts added up.</summary>
    public required double TrainingSeconds { get; init; }

    /// <summary>Real (not padded) tokens trained on, over all epochs.</summary>
    public required long TrainedTokens { get; init; }

    /// <summary>True once training ended by itself; false in a run that was cut.</summary>
    public required bool Finished { get; init; }
}
