using System.Globalization;
using LoraOnnx.Model;

namespace LoraOnnx.Training.Options;

/// <summary>What <c>--class-weights</c> comes to.</summary>
internal static class ClassWeights
{
    public const string None = "none";

    private const string Balanced = "balanced";

    /// <summary>A weight for each class, or null where all count alike.</summary>
    /// <param name="option">The option's value.</param>
    /// <param name="task">The classes.</param>
    /// <param name="labels">The classes of each training text.</param>
    /// <exception cref="InputException">It names an unknown class, or a weight that is no number above 0.</exception>
    public static IReadOnlyList<double>? Of(string option, ClassificationTask task, IReadOnlyList<IReadOnlyList<int>> labels) => option switch
    {
        None => null,
        Balanced => BalancedOf([.. task.Labels.Select((_, index) => labels.Count(classes => classes.Contains(index)))], labels.Count,
            task.IsMultiLabel),
        _ => Named(option, task),
    };

    /// <summary>
    /// texts / (classes · texts of the class), as scikit-learn has it; with several labels a text, the texts without a label per text with it. A
    /// class without texts counts once.
    /// </summary>
    public static IReadOnlyList<double> BalancedOf(IReadOnlyList<int> counts, int texts, bool isMultiLabel) =>
        [.. counts.Select(count => count == 0 || (isMultiLabel && count == texts) ? 1 : isMultiLabel ? (double)(texts - count) / count
            : (double)texts / (counts.Count * count))];

    /// <summary>What is wrong with the weights whatever the classes are, in words; null: nothing.</summary>
    public static string? Problem(string option)
    {
        string[] pairs = option is None or Balanced ? [] : option.Split(',', StringSplitOptions.TrimEntries);
        return Array.Find(pairs, pair => pair.Contains('=', StringComparison.Ordinal) && Weight(pair) is null) is { } wrong ? NotAbove0(wrong) : null;
    }

    private static string NotAbove0(string pair) => $"--class-weights has '{pair}', expected a number above 0.";

    private static double? Weight(string pair) =>
        double.TryParse(pair[(pair.LastIndexOf('=') + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) && weight > 0
            && double.IsFinite(weight) ? weight : null;

    private static double[] Named(string option, ClassificationTask task)
    {
        var weights = Enumerable.Repeat(1.0, task.Labels.Count).ToArray();
        foreach (var pair in option.Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = pair.LastIndexOf('=');
            var name = equals < 0 ? pair : pair[..equals].Trim();
            var index = task.Labels.ToList().FindIndex(label => string.Equals(label, name, StringComparison.OrdinalIgnoreCase));
            if (equals < 0 || index < 0)
            {
                throw new InputException($"--class-weights has '{pair}', expected none, balanced, or weights such as {task.Labels[^1]}=2.5.",
                    $"the classes are {string.Join(", ", task.Labels.Take(12))}; a class that is not named counts 1.");
            }

            weights[index] = Weight(pair) ?? throw new InputException($"{NotAbove0(pair)}");
        }

        return weights;
    }
}
