namespace LoraOnnx.Texts;

/// <summary>A row of a file of texts with all its columns; labels are not yet held against any classes.</summary>
public sealed class TextRow
{
    /// <summary>Where it stands.</summary>
    public required RowPlace Place { get; init; }

    /// <summary>What is wrong with it, in which case it has no text; null for a row that could be read.</summary>
    public InputException? Problem { get; init; }

    /// <summary>The text as the file has it; empty where the file has null.</summary>
    public string Text { get; init; } = "";

    /// <summary>The label as the file has it; null where labels were not asked for.</summary>
    public RawLabel? Label { get; init; }

    /// <summary>Names of all columns, in the file's order; none for the texts of a folder.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>All cells, in the order of <see cref="Names"/>; null: the file has nothing there, or what is not read.</summary>
    public IReadOnlyList<LabelCell?> Cells { get; init; } = [];

    /// <summary>Which column is what; null where there are none, or the row could not be read.</summary>
    internal ColumnRoles? Roles { get; init; }

    /// <summary>What the column for it calls the row, or null.</summary>
    public string? Id => Roles?.Id is { } column ? Cells[column]?.Text : null;

    /// <summary>Whether there is a column of a name that is neither text nor label.</summary>
    public bool HasOther(string name) => Roles is { } roles && Names.Index().Any(column => column.Item == name && roles.IsOther(column.Index));

    /// <summary>The cells beside text and label that hold something, by the name of their column; of two equal names the last.</summary>
    public Dictionary<string, string> Others()
    {
        var others = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var column = 0; column < Cells.Count; column++)
        {
            if (Roles!.IsOther(column) && Cells[column] is { Text.Length: > 0 } cell) // a row with cells has roles
            {
                others[Names[column]] = cell.Text;
            }
        }

        return others;
    }
}
