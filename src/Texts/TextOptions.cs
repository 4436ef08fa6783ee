namespace LoraOnnx.Texts;

/// <summary>What the user says of files of texts; null and empty: it is found by itself. All programs that read such files take the same.</summary>
public sealed record TextOptions
{
    /// <summary>The column of texts.</summary>
    public string? TextColumn { get; init; }

    /// <summary>The column of labels.</summary>
    public string? LabelColumn { get; init; }

    /// <summary>The column that names a row.</summary>
    public string? IdColumn { get; init; }

    /// <summary>Columns that each say of one class, by 0 or 1, whether it holds.</summary>
    public IReadOnlyList<string> LabelColumns { get; init; } = [];

    /// <summary>The encoding of files without a byte order mark; null: UTF-8.</summary>
    public string? Encoding { get; init; }
}
