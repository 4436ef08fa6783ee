using System.Globalization;
using System.Text.Json;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>
/// Turns the labels of a row into class indices. A list, which only a multi-label model takes, holds the classes (whole numbers or names: <c>[0,
/// 3]</c>), or a flag for every class (<c>true</c>/<c>false</c> or numbers with a point: <c>[1.0, 0.0, 0.0, 1.0]</c>). Whole numbers are never flags:
/// with two classes <c>[0, 1]</c> means both.
/// </summary>
internal sealed class LabelReader(ClassificationTask task)
{
    private readonly ClassNames _classes = new(task);

    /// <summary>The label of a JSON value.</summary>
    /// <exception cref="InputException">It is none.</exception>
    public int[] Read(JsonElement label, RowPlace place) => label.ValueKind == JsonValueKind.Array
        ? Several([.. label.EnumerateArray().Select(LabelCell.Of)], place)
        : [One(LabelCell.Of(label), place)];

    /// <summary>The label of a cell in a table: a name, a number, or for a multi-label model a JSON list or nothing.</summary>
    /// <exception cref="InputException">It is none.</exception>
    public int[] Read(string cell, RowPlace place)
    {
        if (!task.IsMultiLabel)
        {
            return [One(new LabelCell(LabelKind.Word, cell), place)];
        }

        var trimmed = cell.Trim();
        if (trimmed is not ['[', ..])
        {
            return trimmed.Length == 0 ? [] : [One(new LabelCell(LabelKind.Word, cell), place)];
        }

        try
        {
            using var list = JsonDocument.Parse(trimmed);
            return Read(list.RootElement, place);
        }
        catch (JsonException failure)
        {
            throw place.Error($"'label' is {Quote(cell)}, which is not a JSON list: {failure.Message}", inner: failure);
        }
    }

    /// <summary>The class that a single label names.</summary>
    /// <exception cref="InputException">There is no such class.</exception>
    public int One(LabelCell cell, RowPlace place)
    {
        var found = cell.Kind is LabelKind.Word or LabelKind.Whole or LabelKind.Decimal ? _classes.Find(cell.Text) : null;
        return found ?? throw place.Error($"'label' is {Show(cell)}, expected {_classes.Expected}.");
    }

    /// <summary>The classes of a list.</summary>
    /// <exception cref="InputException">The model takes one label, or the list is neither classes nor flags.</exception>
    public int[] Several(IReadOnlyList<LabelCell> cells, RowPlace place)
    {
        if (!task.IsMultiLabel)
        {
            throw place.Error($"'label' is the list {Show(cells)}, expected {_classes.Expected}.",
                "lists are for models with \"problem_type\": \"multi_label_classification\" in config.json.");
        }

        if (cells.Count > 0 && cells.All(cell => cell.IsFlag))
        {
            return Flagged(cells, place);
        }

        int[] labels = [.. cells.Select(cell => cell.IsFlag ? throw Mixed(cells, place) : One(cell, place))];
        return labels.Distinct().Count() == labels.Length ? labels
            : throw place.Error($"'label' is {Show(cells)}, which names a class twice.",
                "list the classes that hold, such as [0, 3]; flags, one for each class, are written true and false, or 1.0 and 0.0.");
    }

    private int[] Flagged(IReadOnlyList<LabelCell> cells, RowPlace place)
    {
        if (cells.Count != task.Labels.Count)
        {
            throw place.Error($"'label' has {cells.Count} flags {Show(cells)}, expected one for each of the {task.Labels.Count} classes.");
        }

        return [.. Enumerable.Range(0, cells.Count)
            .Where(index => IsSet(cells[index]) ?? throw place.Error($"'label' is {Show(cells)}, expected flags that are 0.0 or 1.0."))];
    }

    private static bool? IsSet(LabelCell flag) => flag.Kind == LabelKind.Truth ? flag.Text == "true"
        : double.TryParse(flag.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is 0 or 1 ? number == 1
        : null;

    private static InputException Mixed(IReadOnlyList<LabelCell> cells, RowPlace place) =>
        place.Error($"'label' is {Show(cells)}, which mixes classes and flags.",
            "write classes as whole numbers or names, or a flag for each class as true and false, or 1.0 and 0.0.");

    private static string Show(IEnumerable<LabelCell> cells) => Shorten($"[{string.Join(", ", cells.Select(Show))}]");

    private static string Show(LabelCell cell) => cell.Kind == LabelKind.Word ? Quote(cell.Text)
        : cell.Kind == LabelKind.Other && cell.Text is ['{', ..] ? "an object"
        : Shorten(cell.Text);

    private static string Quote(string text) => $"\"{Shorten(text)}\"";

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
