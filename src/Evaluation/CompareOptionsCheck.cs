using LoraOnnx.Evaluation.Texts;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation;

/// <summary>What can be told wrong before minutes of scoring.</summary>
internal static class CompareOptionsCheck
{
    /// <exception cref="InputException">A value is out of range, or two options contradict each other.</exception>
    public static void Check(CompareOptions options)
    {
        if (options is { Json: true, Markdown: true })
        {
            throw new InputException("--json and --markdown both ask for standard output.",
                "give one of them; --out and --csv write files beside it.");
        }

        if (options.ByteOrderMark && options.Csv is null && options.Predictions?.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) != true)
        {
            throw new InputException("--bom is for CSV files, of which none is asked for.", "add --csv FILE, or --predictions FILE.csv.");
        }

        if (options is { Explain: > 0, Out: null, Json: false })
        {
            throw new InputException("--explain is shown in the report, which is not asked for.", "add --out report.html, or --json.");
        }

        if (options.Texts.Problems().ToList() is [_, ..] problems)
        {
            throw InputException.Several(problems, "lora-compare --help lists the options.");
        }

        foreach (var file in new[] { options.Data, options.Validation }.Where(file => !string.IsNullOrEmpty(file)))
        {
            TextRows.CheckThere(file!); // filtered above
        }

        if (options.Out is { } page && Path.GetExtension(page).ToUpperInvariant() is not ("" or ".HTML" or ".HTM"))
        {
            throw InputException.InFile(page, "is to be a page, expected a name that ends in .html.",
                "--json, --csv and --markdown write other forms.");
        }

        CheckChoices(options);
        CheckRange("--max-length", options.MaxLength, 2, int.MaxValue);
        CheckRange("--explain", options.Explain, 0, TextSelection.MostTexts);
        CheckRange("--threads", options.Threads, 1, 1024);
        CheckRange("--resamples", options.Resamples, 100, 1_000_000);
        foreach (var path in new[] { options.Out, options.Csv, options.Predictions }.OfType<string>())
        {
            CheckFolder(path);
        }
    }

    private static void CheckChoices(CompareOptions options)
    {
        var chooses = options.SweepScales.Count > 0 || options.Threshold || options.Calibrate;
        if (chooses && options.Validation is null)
        {
            throw new InputException("--sweep-scale, --threshold and --calibrate need --validation FILE.",
                "a choice made on the test texts would flatter itself on them.");
        }

        if (chooses && Path.GetFullPath(options.Validation!) == Path.GetFullPath(options.Data)) // checked above
        {
            throw new InputException("--validation is the same file as --data.", "a choice made on the test texts would flatter itself on them.");
        }

        if (!chooses && options.Validation is not null)
        {
            WarningLines.Write("--validation is given, but without --sweep-scale, --threshold or --calibrate nothing is chosen on it.");
        }
    }

    private static void CheckRange(string option, int? value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new InputException($"{option} is {value}, expected {least} to {most}.");
        }
    }

    private static void CheckFolder(string path)
    {
        if (Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
        {
            throw InputException.InFile(path, Directory.Exists(path)
                ? "is a directory, expected the name of a file."
                : "its directory does not exist.", Directory.Exists(path) ? $"for example {Path.Combine(path, "report.html")}."
                : $"make it first: mkdir -p {Path.GetDirectoryName(path)}");
        }
    }
}
