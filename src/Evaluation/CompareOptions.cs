using LoraOnnx.Evaluation.Models;

namespace LoraOnnx.Evaluation;

/// <summary>Everything that decides a comparison.</summary>
internal sealed record CompareOptions
{
    /// <summary>The models, in the order of the report.</summary>
    public required IReadOnlyList<ModelArgument> Models { get; init; }

    /// <summary>Test texts.</summary>
    public required string Data { get; init; }

    /// <summary>HTML report to write, or null.</summary>
    public string? Out { get; init; }

    /// <summary>JSON Lines file for what every model said of every text, or null.</summary>
    public string? Predictions { get; init; }

    /// <summary>Print JSON instead of the table.</summary>
    public bool Json { get; init; }

    /// <summary>Threads inside one run; 0: all cores the process may use.</summary>
    public int Threads { get; init; }
}
