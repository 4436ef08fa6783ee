namespace LoraOnnx.Training.Options;

/// <summary>An option and the values of it that are tried.</summary>
internal sealed record SweepAxis(string Option, IReadOnlyList<string> Values);

/// <summary>A run of a sweep: the folder it gets, and what it has in place of the options beside the sweep.</summary>
internal sealed record SweepPoint(string Folder, IReadOnlyList<(string Option, string Value)> Values)
{
    /// <summary>As people read it: <c>lr 2e-4, rank 4</c>.</summary>
    public string Text => string.Join(", ", Values.Select(value => $"{value.Option} {value.Value}"));
}

/// <summary>Options in every combination of some values: <c>--sweep lr=2e-4,5e-4 --sweep rank=4,16</c>.</summary>
internal sealed record Sweep(IReadOnlyList<SweepAxis> Axes)
{
    /// <summary>What all runs share: on other texts or classes their figures would not rank them, and a machine is one.</summary>
    private static readonly string[] _shared =
        ["train", "validation", "test", "split", "per", "per-texts", "out", "device", "checkpoint-seconds", "feature-cache-gib",
            .. Texts.TextOptionTable.OptionNames.Select(name => name.TrimStart('-'))];

    /// <summary>Reads <c>KEY=V1,V2</c> words.</summary>
    /// <exception cref="InputException">One is not of this form, or the option is none that runs may differ in.</exception>
    public static Sweep Parse(IReadOnlyList<string> words, OptionTable table)
    {
        var free = table.Options.Select(option => option.Name.TrimStart('-')).Except(_shared).ToList();
        var axes = words.Select(word => Axis(word, free)).ToList();
        return axes.GroupBy(axis => axis.Option).FirstOrDefault(same => same.Count() > 1) is { Key: { } twice }
            ? throw new InputException($"--sweep {twice}= is given twice.", $"give all values at once: --sweep {twice}=V1,V2.")
            : new Sweep(axes);
    }

    /// <summary>All combinations; the last option changes fastest.</summary>
    /// <exception cref="InputException">Two would have the same folder.</exception>
    public IReadOnlyList<SweepPoint> Points()
    {
        IEnumerable<IReadOnlyList<(string Option, string Value)>> points = [[]];
        points = Axes.Aggregate(points, (all, axis) => all.SelectMany(_ => axis.Values,
            (point, value) => (IReadOnlyList<(string, string)>)[.. point, (axis.Option, value)]));
        List<SweepPoint> named = [.. points.Select(point => new SweepPoint(string.Join('_', point.Select(FolderOf)), point))];
        return named.GroupBy(point => point.Folder).FirstOrDefault(same => same.Count() > 1)?.ToList() is [var one, var other, ..]
            ? throw new InputException($"--sweep: '{one.Text}' and '{other.Text}' would be the same folder, {one.Folder}.",
                "give every value once; of paths the last parts must differ.")
            : named;
    }

    /// <summary>The options of one of them.</summary>
    /// <exception cref="InputException">A value is none of its option.</exception>
    public static TrainingOptions Apply(SweepPoint point, TrainingOptions options, OptionTable table) =>
        table.Apply(point.Values.SelectMany(value => (string[])[$"--{value.Option}", value.Value]), options) with
        {
            Out = Path.Combine(options.Out, point.Folder),
        };

    /// <summary>Rules that concern the sweep as a whole, broken ones in words.</summary>
    public IEnumerable<string> Problems(TrainingOptions options)
    {
        var takesOther = Axes.FirstOrDefault(axis => axis.Option == "seed" || (axis.Option == "train-limit" && options.Split == SplitKind.Shuffle));
        if (takesOther is { Values.Count: > 1 } && options.Test is null && options.Validation is { } validation
            && ValidationSource.Parse(validation).File is null)
        {
            yield return $"--validation {validation} takes other texts with each {takesOther.Option}, so nothing would rank the runs; "
                + "give a file as --validation or --test.";
        }
    }

    private static SweepAxis Axis(string word, IReadOnlyList<string> free)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var option = (equals < 0 ? word : word[..equals]).Trim().TrimStart('-');
        string[] values = equals < 0 ? [] : Values(word, word[(equals + 1)..]);
        if (!free.Contains(option))
        {
            var nearest = CommandLine.Spelling.Meant($"--{option}", [.. free.Select(name => $"--{name}")])?[2..];
            throw new InputException($"--sweep has '{word}', expected an option in which runs may differ, such as lr=2e-4,5e-4 or rank=4,16."
                + (nearest is null ? "" : $" Did you mean {nearest}?"),
                _shared.Contains(option) ? $"--{option} is the same in all runs; give it beside --sweep." : "lora-train --help lists the options.");
        }

        return values.Length > 0 ? new SweepAxis(option, values)
            : throw new InputException($"--sweep has '{word}', expected values after a '=': {option}=V1,V2.");
    }

    /// <summary>Between commas; between semicolons where values have commas themselves.</summary>
    private static string[] Values(string word, string list)
    {
        var separator = list.Contains(';', StringComparison.Ordinal) ? ';' : ',';
        var values = list.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return separator == ';' || values.Count(value => value.Contains('=', StringComparison.Ordinal)) < 2 ? values
            : throw new InputException($"--sweep has '{word}': is that one value, or are they {values.Length}?",
                $"values with commas in them stand between semicolons: --sweep '{word};balanced' are two, --sweep '{word.Replace(',', ';')}' "
                    + "is each alone.");
    }

    /// <summary>Without '=', which would be a name's end in lora-compare, and of a path its end.</summary>
    private static string FolderOf((string Option, string Value) value) =>
        $"{value.Option}-{string.Concat(Path.GetFileName(Path.TrimEndingDirectorySeparator(value.Value))
            .Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '+' ? letter : '-'))}";
}
