using LoraOnnx.Model;

namespace LoraOnnx.Texts.Tests;

/// <summary>What the labels of a file can mean.</summary>
internal static class Tasks
{
    public static ClassificationTask Reviews { get; } = WithLabels("NEGATIVE", "POSITIVE");

    public static ClassificationTask Topics { get; } = new(["war", "love", "crime"], ProblemType.MultiLabel);

    public static ClassificationTask WithLabels(params string[] labels) => new(labels, ProblemType.SingleLabel);
}
