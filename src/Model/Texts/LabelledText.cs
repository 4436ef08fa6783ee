namespace LoraOnnx.Model.Texts;

/// <summary>A text with its label or, for a multi-label model, its labels.</summary>
public sealed class LabelledText
{
    /// <summary>The text as the file has it.</summary>
    public required string Text { get; init; }

    /// <summary>Index of the class. For a multi-label model: the first of <see cref="Labels"/>, or -1 for none.</summary>
    public required int Label { get; init; }

    /// <summary>Indices of all classes that hold: one for a single-label model, none to N for a multi-label one.</summary>
    public required IReadOnlyList<int> Labels { get; init; }

    /// <summary>The other columns of the row, by name, as text; for slices.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary>A text with the classes that hold.</summary>
    public static LabelledText Create(string text, int[] labels, IReadOnlyDictionary<string, string> columns) =>
        new() { Text = text, Label = labels.Length > 0 ? labels[0] : -1, Labels = labels, Columns = columns };
}
