namespace LoraOnnx.Texts;

/// <summary>Which column of a table is what, from the names in its header.</summary>
internal sealed class TableHeader
{
    private readonly IReadOnlyList<string> _names;

    /// <exception cref="InputException">There is no column of texts, or none of labels.</exception>
    public TableHeader(IReadOnlyList<string> names, RowPlace place)
    {
        _names = names;
        Text = Find(ColumnNames.Text, place);
        Label = Find(ColumnNames.Label, place);
    }

    /// <summary>Number of columns.</summary>
    public int Count => _names.Count;

    /// <summary>Index of the column of texts.</summary>
    public int Text { get; }

    /// <summary>Index of the column of labels.</summary>
    public int Label { get; }

    /// <summary>The other cells of a row that hold something, by the name of their column.</summary>
    public Dictionary<string, string> Others(IReadOnlyList<string?> cells)
    {
        var others = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var column = 0; column < cells.Count; column++)
        {
            if (column != Text && column != Label && cells[column] is { Length: > 0 } cell)
            {
                others[_names[column]] = cell;
            }
        }

        return others;
    }

    private int Find(string[] wanted, RowPlace place)
    {
        foreach (var comparison in new[] { StringComparison.Ordinal, StringComparison.OrdinalIgnoreCase })
        {
            foreach (var name in wanted)
            {
                var index = _names.ToList().FindIndex(found => string.Equals(found, name, comparison));
                if (index >= 0)
                {
                    return index;
                }
            }
        }

        throw place.Error($"no column is called '{string.Join("' or '", wanted)}'; there are: {string.Join(", ", _names.Take(12))}.");
    }
}
