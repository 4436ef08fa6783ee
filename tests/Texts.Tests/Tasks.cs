using LoraOnnx.Model;

namespace LoraOnnx.Texts.Tests;

/// <summary>What the labels of a file can mean.</summary>
internal static class Tasks
{
    /// <summary>The texts of rows that a reader has made of bytes.</summary>
    public static IEnumerable<LabelledText> Of(IEnumerable<TextRow> rows, ClassificationTask task)
    {
        var labels = new LabelReader(task, new TextOptions());
        return rows.Select(row => LabelledTexts.Labelled(row, labels));
    }

    public static ClassificationTask Reviews { get; } = WithLabels("NEGATIVE", "POSITIVE");

    public static ClassificationTask Topics { get; } = new(["war", "love", "crime"], ProblemType.MultiLabel);

    public static ClassificationTask WithLabels(params string[] labels) => new(labels, ProblemType.SingleLabel);
}
