using LoraOnnx.Model;

namespace LoraOnnx.Evaluation.Models;

/// <summary>Models can be compared when their logits mean the same labels.</summary>
internal static class LabelAgreement
{
    /// <summary>Checks a model against the first one. Other names for the same number of labels are taken for the same labels, with a
    /// warning.</summary>
    /// <exception cref="InputException">The numbers of labels differ, or the same names are in another order.</exception>
    public static void Check(IScoredModel first, IScoredModel model)
    {
        if (model.Task.Labels.Count != first.Task.Labels.Count || model.Task.ProblemType != first.Task.ProblemType)
        {
            throw new InputException($"{model.Name} has {Describe(model)}; {first.Name} has {Describe(first)}.",
                "only models with the same labels can be compared.");
        }

        if (model.Task.Labels.SequenceEqual(first.Task.Labels))
        {
            return;
        }

        if (model.Task.Labels.Order().SequenceEqual(first.Task.Labels.Order()))
        {
            throw new InputException(
                $"{model.Name} orders its labels {string.Join(", ", model.Task.Labels)}; {first.Name} {string.Join(", ", first.Task.Labels)}.",
                "only models whose logits have the same order can be compared.");
        }

        WarningLines.Write($"{model.Name} names its labels {string.Join(", ", model.Task.Labels)}; they are taken for {first.Name}'s "
            + $"{string.Join(", ", first.Task.Labels)}.");
    }

    private static string Describe(IScoredModel model) =>
        $"{model.Task.Labels.Count} {(model.Task.ProblemType == ProblemType.MultiLabel ? "labels of which any may hold" : "classes")} "
            + $"({string.Join(", ", model.Task.Labels.Take(5))})";
}
