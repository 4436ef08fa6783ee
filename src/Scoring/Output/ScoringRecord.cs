using LoraOnnx.Scoring.Models;

namespace LoraOnnx.Scoring.Output;

/// <summary>What must be the same for chunks to belong to one file.</summary>
/// <param name="Input">The input's content.</param>
/// <param name="Rows">Rows of the whole input.</param>
/// <param name="Columns">All columns of the output and how it is written.</param>
/// <param name="Labels">Names of the classes.</param>
/// <param name="Scorer">What scores.</param>
internal sealed record ScoringRecord(string Input, long Rows, string Columns, IReadOnlyList<string> Labels, ScorerIdentity Scorer)
{
    /// <summary>In what two records differ first, in words; null where they do not.</summary>
    public string? Difference(ScoringRecord other) =>
        Input != other.Input || Rows != other.Rows ? "another input"
        : Scorer.Model != other.Scorer.Model ? $"another model (sha256 {Short(other.Scorer.Model)}, not {Short(Scorer.Model)})"
        : Scorer.Precision != other.Scorer.Precision ? $"another precision ({other.Scorer.Precision}, not {Scorer.Precision})"
        : Scorer.Instructions != other.Scorer.Instructions
            ? $"another processor's instructions ({other.Scorer.Instructions}; not {Scorer.Instructions})"
        : Scorer.Settings != other.Scorer.Settings ? "a model with another tokenizer, limit or calibration"
        : !Labels.SequenceEqual(other.Labels) ? $"other names of classes ({string.Join(", ", other.Labels.Take(6))})"
        : Columns != other.Columns ? "other columns" : null;

    private static string Short(string hash) => hash[..Math.Min(12, hash.Length)];
}
