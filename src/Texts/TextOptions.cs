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

    /// <summary>The classes in the order of their numbers; empty: those of the model, or what the labels are.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What labels of the files mean, as <see cref="Texts.LabelMap"/> reads it; null: themselves.</summary>
    public string? LabelMap { get; init; }

    /// <summary>What is wrong with these options, in words.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (var check in new Action[] { () => Texts.LabelMap.Parse(LabelMap), () => _ = Encoding is null ? null
            : DecodedStream.Named(Encoding) })
        {
            if (Problem(check) is { } problem)
            {
                yield return problem;
            }
        }

        if (LabelColumn is not null && LabelColumns.Count > 0)
        {
            yield return "--label-column and --label-columns are both given, expected one of them.";
        }

        if (Labels.GroupBy(label => label, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            yield return $"--labels has '{twice.Key}' {twice.Count()} times, expected distinct names.";
        }
    }

    private static string? Problem(Action check)
    {
        try
        {
            check();
            return null;
        }
        catch (InputException failure)
        {
            return failure.Message;
        }
    }
}
