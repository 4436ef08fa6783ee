namespace LoraOnnx.Model;

/// <summary>What a classifier answers: its classes in the order of the logits, and what the logits mean. All that texts, metrics, servers and reports
/// know of a model.</summary>
/// <param name="Labels">Distinct class names, in the order of the logits.</param>
/// <param name="ProblemType">One class a text, or any of them.</param>
public sealed record ClassificationTask(IReadOnlyList<string> Labels, ProblemType ProblemType)
{
    /// <summary>True when any number of classes may hold for a text.</summary>
    public bool IsMultiLabel => ProblemType == ProblemType.MultiLabel;

    /// <summary>What config.json calls a type of problem.</summary>
    public static string NameOf(ProblemType type) => type == ProblemType.MultiLabel ? "multi_label_classification" : "single_label_classification";

    /// <summary>True for the same classes in the same order, with the same meaning.</summary>
    public bool IsSameAs(ClassificationTask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return ProblemType == other.ProblemType && Labels.SequenceEqual(other.Labels, StringComparer.Ordinal);
    }
}
