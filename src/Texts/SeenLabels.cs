using System.Globalization;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>The different labels of some rows.</summary>
/// <param name="Count">Number of rows.</param>
/// <param name="Problem">Several labels a text where there are lists, names with bars between them, or columns of 0 and 1.</param>
/// <param name="Cells">Each label once, as the first row with it has it.</param>
/// <param name="Flags">Where lists are flags without names, how many there are.</param>
internal sealed record SeenLabels(int Count, ProblemType Problem, IReadOnlyList<LabelCell> Cells, int? Flags)
{
    /// <summary>What the user says that labels mean.</summary>
    public LabelMap Map { get; init; } = LabelMap.Parse(null);

    /// <param name="rows">Rows with labels; those that could not be read are passed over: who takes their texts is told.</param>
    /// <param name="options">The map of labels.</param>
    /// <param name="known">A task of several labels that the base has; null: the rows decide.</param>
    public static SeenLabels Of(IReadOnlyList<TextRow> rows, TextOptions options, ClassificationTask? known)
    {
        var isSeveral = known is not null || options.LabelColumns.Count > 0 || rows.Any(row => row.Label is { IsList: true });
        int? flags = null;
        var cells = new Dictionary<string, LabelCell>(StringComparer.Ordinal);
        foreach (var label in rows.Select(row => row.Label).OfType<RawLabel>())
        {
            if (label.IsList && label.Cells.Count > 0 && label.Cells.All(cell => cell.IsFlag))
            {
                flags ??= label.Cells.Count;
                continue;
            }

            foreach (var cell in label.Cells.SelectMany(Parts).Where(cell => cell.Kind != LabelKind.Other && cell.Text.Trim().Length > 0))
            {
                isSeveral |= label.Cells is [{ Kind: LabelKind.Word } whole] && whole.Text.Contains('|', StringComparison.Ordinal);
                cells.TryAdd($"{cell.Kind} {cell.Text}", cell);
            }
        }

        return new SeenLabels(rows.Count, isSeveral ? ProblemType.MultiLabel : ProblemType.SingleLabel, [.. cells.Values],
            flags)
        { Map = LabelMap.Parse(options.LabelMap) };
    }

    /// <summary>Names for classes of these labels: numbers ascending, else names in ordinal order.</summary>
    public IReadOnlyList<string> Names(IReadOnlyList<string> columns)
    {
        if (columns.Count > 0)
        {
            return columns;
        }

        if (Flags is { } flags && Cells.Count == 0)
        {
            return [.. Enumerable.Range(0, flags).Select(index => $"LABEL_{index}")];
        }

        string[] names = [.. Cells.Select(cell => Map.Find(cell.Text) ?? ClassNames.Plain(cell.Text)).Distinct(StringComparer.Ordinal)
            .Where(name => Map.IsEmpty || Map.Targets.Contains(name,
                StringComparer.OrdinalIgnoreCase))]; // a label that a map leaves out is an error where it stands
        return names.All(name => Number(name) is not null) ? [.. names.OrderBy(name => Number(name))] : [.. names.Order(StringComparer.Ordinal)];
    }

    /// <summary>Names with bars between them are several.</summary>
    private static IEnumerable<LabelCell> Parts(LabelCell cell) => cell.Kind != LabelKind.Word || !cell.Text.Contains('|', StringComparison.Ordinal)
        ? [cell]
        : cell.Text.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(name => new LabelCell(LabelKind.Word, name));

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
        : null;
}
