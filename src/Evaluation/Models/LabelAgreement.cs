using LoraOnnx.Model;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Evaluation.Models;

/// <summary>Models can be compared when their logits mean the same labels.</summary>
internal static class LabelAgreement
{
    /// <summary>Checks a model against the first one. Other names for the same number of labels are taken for the same labels, with a warning.</summary>
    /// <exception cref="InputException">The numbers of labels differ, or the same names are in another order.</exception>
    public static void Check(IScoredModel first, IScoredModel model)
    {
        if (model.Labels.Count != first.Labels.Count || model.ProblemType != first.ProblemType)
        {
            throw new InputException($"{model.Name} has {Describe(model)}; {first.Name} has {Describe(first)}.", "only models with the same labels can be compared.");
        }

        if (model.Labels.SequenceEqual(first.Labels))
        {
            return;
        }

        if (model.Labels.Order().SequenceEqual(first.Labels.Order()))
        {
            throw new InputException($"{model.Name} orders its labels {string.Join(", ", model.Labels)}; {first.Name} {string.Join(", ", first.Labels)}.",
                "only models whose logits have the same order can be compared.");
        }

        Console.Error.WriteLine($"warning: {model.Name} names its labels {string.Join(", ", model.Labels)}; they are taken for {first.Name}'s {string.Join(", ", first.Labels)}.");
    }

    /// <summary>What a reader of labelled texts needs to know of a model: its labels. The sizes, which a server does not tell, are not looked at.</summary>
    public static DistilBertConfig Config(IScoredModel model) => new()
    {
        Labels = model.Labels,
        ProblemType = model.ProblemType,
        Width = 1,
        FeedForwardWidth = 1,
        LayerCount = 1,
        HeadCount = 1,
        VocabularySize = 1,
        MaxPositions = model.Card.MaxTokens,
    };

    private static string Describe(IScoredModel model) =>
        $"{model.Labels.Count} {(model.ProblemType == ProblemType.MultiLabel ? "labels of which any may hold" : "classes")} ({string.Join(", ", model.Labels.Take(5))})";
}
