using LoraOnnx.Model;

namespace LoraOnnx.Scoring.Models;

/// <summary>A model in this process, or one behind a server.</summary>
internal interface IScorer : IDisposable
{
    ClassificationTask Task { get; }

    ScorerIdentity Identity { get; }

    /// <summary>Scores texts, in their order; none where a text is null.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="progress">Told which share of the work is done, 0 to 1; from several threads.</param>
    /// <param name="cancellationToken">Stops.</param>
    Task<IReadOnlyList<ScoredText>> ScoreAsync(IReadOnlyList<string?> texts, Action<double> progress, CancellationToken cancellationToken);
}

/// <summary>What decides the bits of scores; parts of one file must agree in all of it.</summary>
/// <param name="Model">SHA-256 of the ONNX file.</param>
/// <param name="Settings">SHA-256 of what stands beside it: tokenizer, limits, calibration.</param>
/// <param name="Precision">What the layers compute in.</param>
/// <param name="Instructions">The processor's instructions that decide how sums are rounded; a server's are not known.</param>
internal sealed record ScorerIdentity(string Model, string Settings, string Precision, string Instructions);
