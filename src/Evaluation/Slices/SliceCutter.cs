using System.Globalization;
using LoraOnnx.Evaluation.Scoring;

namespace LoraOnnx.Evaluation.Slices;

/// <summary>Cuts the test texts into slices by length, by label and by columns of the data.</summary>
internal static class SliceCutter
{
    public const string Length = "length";
    public const string Label = "label";

    /// <summary>Values of a column that get a slice of their own, the most frequent ones; the rest are one slice together.</summary>
    public const int MostValues = 20;

    /// <summary>All slices that hold a text. Lengths are those that the first model reads, against its limit.</summary>
    public static IReadOnlyList<Slice> Cut(TestScores scores, int maxTokens, IReadOnlyList<string> labels) =>
    [
        .. ByLength(scores.Models[0], maxTokens),
        .. ByLabel(scores, labels),
        .. scores.Columns.SelectMany(column => ByColumn(column.Key, column.Value, MostValues)),
    ];

    /// <summary>A slice for every value of a column.</summary>
    public static IReadOnlyList<Slice> ByValue(TestScores scores, string column) =>
        [.. ByColumn(column, scores.Columns[column], int.MaxValue)];

    private static IEnumerable<Slice> ByLength(ModelScores first, int maxTokens)
    {
        var (quarter, most) = (maxTokens / 4, maxTokens * 3 / 4);
        (string Value, string Title, Func<int, bool> Has)[] lengths =
        [
            ("short", Tokens($"up to {quarter}"), text => !first.Truncated[text] && first.Tokens[text] <= quarter),
            ("middle", Tokens($"{quarter + 1} to {most}"), text => !first.Truncated[text] && first.Tokens[text] > quarter
                && first.Tokens[text] <= most),
            ("near_limit", Tokens($"{most + 1} to {maxTokens}"), text => !first.Truncated[text] && first.Tokens[text] > most),
            ("cut", $"cut at {maxTokens} tokens", text => first.Truncated[text]),
        ];
        return lengths.Select(length => new Slice(Length, length.Value, length.Title, [.. Enumerable.Range(0, first.Tokens.Count).Where(length.Has)]))
            .Where(slice => slice.Texts.Count > 0);
    }

    private static IEnumerable<Slice> ByLabel(TestScores scores, IReadOnlyList<string> labels) =>
        labels.Select(
            (name, label) => new Slice(Label, name, name, [.. Enumerable.Range(0, scores.Count).Where(text => scores.Labels[text].Contains(label))]))
            .Where(slice => slice.Texts.Count > 0);

    private static IEnumerable<Slice> ByColumn(string column, List<string> values, int most)
    {
        var groups = Enumerable.Range(0, values.Count).GroupBy(text => values[text], StringComparer.Ordinal)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).ToList();
        var own = groups.Take(groups.Count <= most ? most : most - 1)
            .Select(group => new Slice(column, group.Key, group.Key.Length == 0 ? "(no value)" : group.Key, [.. group]));
        var rest = groups.Skip(groups.Count <= most ? most : most - 1).ToList();
        return rest.Count == 0 ? own
            : own.Append(
                new Slice(column, "(other)", string.Create(CultureInfo.InvariantCulture, $"{rest.Count} other values"),
                    [.. rest.SelectMany(group => group).Order()]));
    }

    private static string Tokens(string range) => $"{range} tokens";
}
