namespace LoraOnnx.Texts;

/// <summary>Which column of a table is what: as the user says, else by well-known names, in any case.</summary>
internal sealed class ColumnRoles
{
    private readonly IReadOnlyList<string> _names;

    /// <summary>Finds the roles of columns; labels only where they are wanted.</summary>
    /// <exception cref="InputException">There is no column of texts, or none of labels, or two of a name.</exception>
    public ColumnRoles(IReadOnlyList<string> names, TextOptions options, bool labelled, RowPlace place)
    {
        _names = names;
        Text = Find("text", options.TextColumn, ColumnNames.Text, place);
        LabelColumns = labelled ? [.. options.LabelColumns.Select(name => Find("label", name, [], place))] : [];
        Label = !labelled || LabelColumns.Count > 0 ? null : Find("label", options.LabelColumn, ColumnNames.Label, place);
        Id = options.IdColumn is { } id ? Find("id", id, [], place) : null;
    }

    /// <summary>Number of columns.</summary>
    public int Count => _names.Count;

    /// <summary>Index of the column of texts.</summary>
    public int Text { get; }

    /// <summary>Index of the column of labels, or null.</summary>
    public int? Label { get; }

    /// <summary>Index of the column that names a row, or null.</summary>
    public int? Id { get; }

    /// <summary>Indices of columns that each say of one class whether it holds.</summary>
    public IReadOnlyList<int> LabelColumns { get; }

    /// <summary>The name of a column.</summary>
    public string this[int column] => _names[column];

    /// <summary>True for a column that is neither text nor label.</summary>
    public bool IsOther(int column) => column != Text && column != Label && !LabelColumns.Contains(column);

    /// <summary>The choice that was made, in words; null where the names leave none.</summary>
    public string? Choice
    {
        get
        {
            var isPlain = _names[Text] == ColumnNames.Text[0] && (Label is not { } label || _names[label] == ColumnNames.Label[0])
                && LabelColumns.Count == 0;
            var labels = LabelColumns.Count > 0 ? $", labels from {string.Join(", ", LabelColumns.Select(column => $"'{_names[column]}'"))}"
                : Label is { } one ? $", labels from '{_names[one]}'" : "";
            string[] rivals = [.. _names.Where((name, column) => IsOther(column)
                && ColumnNames.Text.Concat(ColumnNames.Label).Contains(name, StringComparer.OrdinalIgnoreCase)).Select(name => $"'{name}'")];
            return isPlain && rivals.Length == 0 ? null
                : $"texts from column '{_names[Text]}'{labels}{(rivals.Length > 0 ? $" (not from {string.Join(", ", rivals)})" : "")}";
        }
    }

    private int Find(string role, string? wanted, IReadOnlyList<string> known, RowPlace place)
    {
        foreach (var name in wanted is null ? known : [wanted])
        {
            int[] alike = [.. Enumerable.Range(0, _names.Count)
                .Where(column => string.Equals(_names[column], name, StringComparison.OrdinalIgnoreCase))];
            int[] exact = wanted is null ? alike : [.. alike.Where(column => _names[column] == name)];
            if ((exact.Length > 0 ? exact : alike) is [var first, .. var more])
            {
                return more.Length == 0 ? first : throw place.Error($"there are {more.Length + 1} columns '{name}', expected one.",
                    $"rename all but one{(alike.Length > exact.Length || wanted is null ? $", or say which: --{role}-column NAME" : "")}.");
            }
        }

        var there = string.Join(", ", _names.Take(12));
        if (wanted is not null)
        {
            throw place.Error($"no column is called '{wanted}'; there are: {there}.");
        }

        var names = string.Join(", ", known.SkipLast(1).Select(name => $"'{name}'"));
        throw place.Error($"no column is called {names} or '{known[^1]}'; there are: {there}.", $"say which it is: --{role}-column NAME.");
    }
}
