using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Model.Tests.Texts;

/// <summary>Configurations of which only the labels matter.</summary>
internal static class Models
{
    public static DistilBertConfig Reviews { get; } = WithLabels("NEGATIVE", "POSITIVE");

    public static DistilBertConfig Topics { get; } = WithLabels("war", "love", "crime") with { ProblemType = ProblemType.MultiLabel };

    public static DistilBertConfig WithLabels(params string[] labels) => new()
    {
        Width = 32,
        FeedForwardWidth = 64,
        LayerCount = 2,
        HeadCount = 2,
        VocabularySize = 60,
        MaxPositions = 64,
        Labels = labels,
    };
}
