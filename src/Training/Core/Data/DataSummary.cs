using System.Globalization;
using LoraOnnx.Model;
using LoraOnnx.Model.Runs;
using LoraOnnx.Texts;

namespace LoraOnnx.Training.Data;

/// <summary>What a person should know of the texts before training on them.</summary>
internal static class DataSummary
{
    private static readonly int[] _bounds = [16, 32, 64, 128, 256, 512, int.MaxValue];

    /// <summary>A line for counts and classes, one for lengths.</summary>
    public static IEnumerable<string> Lines(TextSet set, RunData data)
    {
        var multi = set.Labels.Any(labels => labels.Count != 1);
        var balance = data.Classes.Count <= 10 ? data.Classes.ToList() : [.. data.Classes.OrderByDescending(pair => pair.Value).Take(10)];
        var classes = string.Join(", ", balance.Select(pair => $"{pair.Key} {pair.Value} ({Percent(pair.Value, set.Count)})"));
        yield return $"{set.Role}: {set.Count} texts{(multi ? ", several labels a text" : "")}; "
            + $"{classes}{(balance.Count < data.Classes.Count ? ", ..." : "")}";
        var lengths = set.Encoded.Select(text => text.TotalTokens).Order().ToArray();
        yield return $"  tokens {lengths[0]} to {lengths[^1]}, median {lengths[lengths.Length / 2]}, mean {lengths.Average():0}; "
            + $"{Histogram(lengths)}; cut: {data.CutTexts} ({Percent(data.CutTexts, set.Count)})";
    }

    /// <summary>Classes that no training text has, and texts that are in two sets.</summary>
    public static IEnumerable<string> Warnings(IReadOnlyList<(string Role, IReadOnlyList<LabelledText> Texts)> sets, RunData train)
    {
        var absent = train.Classes.Where(pair => pair.Value == 0).Select(pair => pair.Key).ToList();
        if (absent.Count > 0)
        {
            yield return $"no training text has the label {string.Join(", ", absent)}.";
        }

        if (train.Classes.Count > 1 && train.Classes.Values.All(count => count == train.Texts))
        {
            yield return "every training text has every label; if these are flags, write them true and false, or 1.0 and 0.0: whole numbers are "
                + "classes.";
        }

        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (role, texts) in sets)
        {
            var twice = new SortedDictionary<string, int>(StringComparer.Ordinal);
            foreach (var text in texts)
            {
                var key = text.Text.Trim();
                if (!seen.TryAdd(key, role))
                {
                    twice[seen[key]] = twice.GetValueOrDefault(seen[key]) + 1;
                }
            }

            foreach (var (other, count) in twice)
            {
                yield return other == role
                    ? $"{count} {role} texts are there more than once."
                    : $"{count} of {texts.Count} {role} texts are also in the {other} texts: its figures will look better than they are.";
            }
        }
    }

    /// <summary>Sets to be scored in which F1 has nothing to count: no text of the positive class, or, of a multi-label model, no label at
    /// all.</summary>
    public static IEnumerable<string> UndefinedF1(IReadOnlyList<(string Role, IReadOnlyList<LabelledText> Texts)> sets, ClassificationTask task)
    {
        var positive = task.IsMultiLabel ? "has a label" : task.Labels.Count == 2 ? $"has the label {task.Labels[1]}" : null;
        return positive is null ? [] : sets.Where(
            set => set.Role != "train" && !set.Texts.Any(text => text.Labels.Any(label => task.IsMultiLabel || label == 1)))
            .Select(set => $"no {set.Role} text {positive}, so F1, precision and recall are undefined; they are shown as 0"
                + (set.Role == "validation" ? ", and the loss decides which weights are kept." : "."));
    }

    private static string Histogram(int[] sorted)
    {
        var parts = new List<string>();
        var below = 0;
        for (var bin = 0; bin < _bounds.Length; bin++)
        {
            var upTo = Array.FindLastIndex(sorted, length => length <= _bounds[bin]) + 1;
            if (upTo > below)
            {
                parts.Add($"{(bin == _bounds.Length - 1 ? $">{_bounds[bin - 1]}" : $"≤{_bounds[bin]}")}: {upTo - below}");
            }

            below = upTo;
        }

        return string.Join("  ", parts);
    }

    private static string Percent(int part, int whole) => (100.0 * part / whole).ToString("0.#", CultureInfo.InvariantCulture) + " %";
}
