namespace LoraOnnx.Texts;

/// <summary>The options of the command line that say how files of texts are read; all programs that read such files have them.</summary>
public static class TextOptionTable
{
    /// <summary>Each with its name, what its value is called, its help, and the place that it sets.</summary>
    public static IReadOnlyList<(string Name, string Value, string Description, Func<TextOptions, string, TextOptions> Set)> All { get; } =
    [
        ("--text-column", "COLUMN", "The column of texts. [default: the first of text, sentence, review, content, body, comment]",
            (options, value) => options with { TextColumn = value }),
        ("--label-column", "COLUMN", "The column of labels. [default: the first of label, labels, sentiment, class, rating, stars]",
            (options, value) => options with { LabelColumn = value }),
        ("--label-columns", "COLUMN,..", "Columns of 0 and 1, one for each class, instead of one column of labels: several may hold for a text.",
            (options, value) => options with { LabelColumns = Names(value) }),
        ("--id-column", "COLUMN", "The column that names a row.", (options, value) => options with { IdColumn = value }),
        ("--labels", "NAME,..", "The classes in the order of their numbers. [default: the model's own where they fit, else what the labels are]",
            (options, value) => options with { Labels = Names(value) }),
        ("--label-map", "FROM=TO,..", "What labels mean: pos=POSITIVE,neg=NEGATIVE, or ranges: 1-2=negative,3=neutral,4-5=positive.",
            (options, value) => options with { LabelMap = value }),
        ("--encoding", "NAME", "The encoding of files without a byte order mark, such as windows-1252. [default: utf-8]",
            (options, value) => options with { Encoding = value }),
    ];

    /// <summary>Their names, for groups of help.</summary>
    public static IReadOnlyList<string> OptionNames => [.. All.Select(option => option.Name)];

    private static string[] Names(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
