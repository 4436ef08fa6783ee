using System.Globalization;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>
/// Turns the labels of a row into class indices. A list, which only a multi-label model takes, holds the classes (whole numbers or names: <c>[0,
/// 3]</c>), or a flag for every class (<c>true</c>/<c>false</c> or numbers with a point: <c>[1.0, 0.0, 0.0, 1.0]</c>). Whole numbers are never flags:
/// with two classes <c>[0, 1]</c> means both.
/// </summary>
internal sealed class LabelReader(ClassificationTask task, TextOptions options)
{
    private readonly ClassNames _classes = new(task);
    private readonly LabelMap _map = LabelMap.Parse(options.LabelMap);

    /// <summary>The class that a cell names, as the map of labels and the user's names of numbers have it; null where there is none.</summary>
    public int? Find(LabelCell cell) => IsLeftOut(cell) ? _classes.ByName(cell.Text) : _classes.Find(Meant(cell));

    /// <summary>The same without taking a word in the sense of another.</summary>
    public int? FindExactly(LabelCell cell) => IsLeftOut(cell) ? _classes.ByName(cell.Text) : _classes.FindExactly(Meant(cell));

    /// <summary>True for a label that the map does not name: then it is a class's own name, or an error.</summary>
    private bool IsLeftOut(LabelCell cell) => !_map.IsEmpty && _map.Find(cell.Text) is null;

    private LabelCell Meant(LabelCell cell)
    {
        if (_map.Find(cell.Text) is { } target)
        {
            return new LabelCell(LabelKind.Word, target);
        }

        var isName = options.Labels.Contains(ClassNames.Plain(cell.Text)) || options.Labels.Contains(cell.Text.Trim());
        var number = cell.Kind == LabelKind.Other || isName ? null : ClassNames.NumberOf(cell.Text);
        return number < options.Labels.Count ? new LabelCell(LabelKind.Word, options.Labels[number.Value]) { ClassNumber = number } : cell;
    }

    /// <summary>The classes of a row.</summary>
    /// <exception cref="InputException">The label is none of the classes, or a list for a model that takes one.</exception>
    public int[] Read(RawLabel label, RowPlace place) => label.IsList ? Several(label.Cells, place)
        : task.IsMultiLabel && label.Cells[0] is { Kind: LabelKind.Word } word ? OfWord(word, place)
        : [One(label.Cells[0], place)];

    /// <summary>The class that a folder of texts is called after: by its name, else by neg and pos.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public int ClassOfFolder(string path) => Find(new LabelCell(LabelKind.Word, Path.GetFileName(path)))
        ?? throw InputException.InFile(path,
            $"is no class of the model, expected {_classes.Expected}{(task.Labels.Count == 2 ? ", or neg and pos" : "")}.",
            "give the folder that holds a folder for each class, such as aclImdb/train.");

    /// <summary>What one cell of a table says of several classes: nothing, one, or names with bars between them.</summary>
    private int[] OfWord(LabelCell cell, RowPlace place)
    {
        var text = cell.Text.Trim();
        return text.Length == 0 ? []
            : text is ['[', ..] ? throw place.Error($"'label' is {Quote(cell.Text)}, which is not a JSON list.",
                "a list in a cell is written [0, 3] or [\"joy\", \"fear\"].")
            : Find(cell) is { } whole ? [whole]
            : Several([.. text.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(name => new LabelCell(LabelKind.Word, name))], place);
    }

    /// <summary>The class that a single label names.</summary>
    /// <exception cref="InputException">There is no such class.</exception>
    public int One(LabelCell cell, RowPlace place)
    {
        return Find(cell) ?? throw (cell.Text.Trim().Length == 0
            ? place.Error($"'label' is {Show(cell)}, expected {_classes.Expected}.", "a row that is to be learned from has a label: give it one, or "
                + "leave it out.")
            : _map.IsEmpty
            ? place.Error($"'label' is {Show(cell)}, expected {_classes.Expected}.", $"say what it means: --label-map LABEL={task.Labels[0]},...")
            : place.Error($"'label' is {Show(cell)}, expected one that --label-map names: {Shorten(string.Join(", ", _map.Labels))}.",
                "put it into a class there too, or leave the row out."));
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
