namespace LoraOnnx.Texts;

/// <summary>A text with its label or, for a multi-label model, its labels.</summary>
public sealed class LabelledText
{
    /// <summary>The text as the file has it.</summary>
    public required string Text { get; init; }

    /// <summary>Indices of all classes that hold: one for a single-label model, none to N for a multi-label one.</summary>
    public required IReadOnlyList<int> Labels { get; init; }

    /// <summary>The other columns of the row, by name, as text; for slices.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();
}
