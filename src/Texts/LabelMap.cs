using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraOnnx.Texts;

/// <summary>
/// What the labels of a file mean: names (<c>pos=POSITIVE,neg=NEGATIVE</c>) and ranges of numbers (<c>1-2=negative,3=neutral,4-5=positive</c>).
/// </summary>
public sealed partial class LabelMap
{
    private const string Form = "expected pairs with commas between them, such as pos=POSITIVE,neg=NEGATIVE or 1-2=negative,4-5=positive.";

    private readonly List<(string Label, double? From, double? To, string Target)> _entries = [];

    private LabelMap()
    {
    }

    /// <summary>True where labels mean themselves.</summary>
    public bool IsEmpty => _entries.Count == 0;

    /// <summary>What is mapped, in the order of the map: labels, and ranges as they are written.</summary>
    public IEnumerable<string> Labels => _entries.Select(entry => entry.Label);

    /// <summary>What labels are mapped to, in the order of the map.</summary>
    public IEnumerable<string> Targets => _entries.Select(entry => entry.Target).Distinct(StringComparer.Ordinal);

    /// <summary>Reads a map; null: an empty one.</summary>
    /// <exception cref="InputException">It is malformed, or maps a label twice.</exception>
    public static LabelMap Parse(string? text)
    {
        var map = new LabelMap();
        foreach (var pair in text?.Split(',', StringSplitOptions.TrimEntries) ?? [])
        {
            var equals = pair.LastIndexOf('=');
            if (equals <= 0 || equals == pair.Length - 1)
            {
                throw new InputException($"--label-map has '{pair}', {Form}");
            }

            var (label, target) = (pair[..equals].Trim(), pair[(equals + 1)..].Trim());
            if (OtherRange().IsMatch(label))
            {
                throw new InputException($"--label-map has '{pair}', but a range is written 1-2: {OtherRange().Replace(label, "$1-$2")}={target}.");
            }

            if (SecondPair().IsMatch(label))
            {
                throw new InputException($"--label-map has '{pair}', {Form}");
            }

            var (from, to) = Range(label);
            if (map._entries.Exists(entry => entry.Label == label || (from <= entry.To && entry.From <= to)))
            {
                throw new InputException($"--label-map maps '{label}' twice.");
            }

            map._entries.Add((label, from, to, target));
        }

        return map;
    }

    /// <summary>What a label means; null where the map does not say.</summary>
    public string? Find(string label)
    {
        var trimmed = label.Trim();
        return (Entry(entry => entry.Label == trimmed) ?? Entry(entry => Number(trimmed) is { } number && entry.From <= number && number <= entry.To)
            ?? Entry(entry => string.Equals(entry.Label, trimmed, StringComparison.OrdinalIgnoreCase)))?.Target;
    }

    private (string Label, double? From, double? To, string Target)? Entry(Predicate<(string Label, double? From, double? To,
        string Target)> holds) =>
        _entries.FindIndex(holds) is >= 0 and var index ? _entries[index] : null;

    /// <summary>The numbers that a label of a map stands for: one, or those between two; none for a name.</summary>
    private static (double? From, double? To) Range(string label)
    {
        if (Number(label) is { } one)
        {
            return (one, one);
        }

        var dash = label.IndexOf('-', 1); // a first one is a sign
        return dash > 0 && Number(label[..dash]) is { } from && Number(label[(dash + 1)..]) is { } to
            ? from < to ? (from, to) : throw new InputException($"--label-map has the range '{label}', expected the smaller number first.")
            : (null, null);
    }

    /// <summary>1..2, 1:2, 1–2, 1 to 2.</summary>
    [GeneratedRegex(@"^(\d+)\s*(?:\.\.+|:|\u2013|\u2014|to)\s*(\d+)\z")]
    private static partial Regex OtherRange();

    /// <summary>pos=POSITIVE neg, where a comma is missing.</summary>
    [GeneratedRegex(@"^\S+=\S+[\s;|]+\S+\z")]
    private static partial Regex SecondPair();

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
        : null;
}
