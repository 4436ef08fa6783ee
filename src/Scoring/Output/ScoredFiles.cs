using LoraOnnx.Scoring.Input;

namespace LoraOnnx.Scoring.Output;

/// <summary>Formats of the output, by the name's extension.</summary>
internal static class ScoredFiles
{
    private const string Known = ".csv, .tsv, .jsonl or .parquet";

    public static bool IsParquet(string path) => Extension(path) == ".PARQUET";

    /// <summary>True where the input's columns can be copied as they are stored.</summary>
    public static bool CopiesStored(InputFile input, string target) => input.IsStored && IsParquet(target);

    /// <exception cref="InputException">The name cannot be that of an output.</exception>
    public static void Check(ScoreOptions options)
    {
        var path = options.Out;
        CheckName(path);
        if (options.ByteOrderMark && Extension(path) is not (".CSV" or ".TSV"))
        {
            throw InputException.InFile(path, "--bom is for .csv and .tsv.", "leave it out: other formats say themselves how they are encoded.");
        }

        if (options.In != "-" && Path.GetFullPath(options.In) == Path.GetFullPath(path))
        {
            throw InputException.InFile(path, "is --in and --out at once.", "give the scores a file of their own.");
        }
    }

    /// <exception cref="InputException">The name cannot be that of an output, of one process or of joined parts.</exception>
    public static void CheckName(string path)
    {
        if (Directory.Exists(path))
        {
            throw InputException.InFile(path, "is a directory, expected the name of a file.", $"such as {Path.Combine(path, "scored.parquet")}.");
        }

        if (Extension(path) is not (".CSV" or ".TSV" or ".JSONL" or ".NDJSON" or ".PARQUET"))
        {
            throw InputException.InFile(path, $"--out has the extension '{Path.GetExtension(path)}', expected {Known}.");
        }

        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
        {
            throw InputException.InFile(path, "its folder does not exist.", $"make it first: mkdir -p {folder}");
        }
    }

    /// <exception cref="InputException">The input has columns that the format cannot hold.</exception>
    public static IScoredFile Open(ScoreOptions options, InputFile input, ScoredColumns columns, InputSurvey survey)
    {
        if (IsParquet(options.Out))
        {
            return new ParquetOutput(columns, survey);
        }

        if (survey.Fields.FirstOrDefault(field => !field.IsPlain) is { } rich)
        {
            throw InputException.InFile(input.Name,
                $"the column '{rich.Name}' has values that only Parquet keeps: dates, money, bytes, lists or fields.",
                "write Parquet: --out with the extension .parquet.");
        }

        return Extension(options.Out) switch
        {
            ".CSV" => new DelimitedOutput(columns, ',', options),
            ".TSV" => new DelimitedOutput(columns, '\t', options),
            _ => new JsonLinesOutput(columns),
        };
    }

    private static string Extension(string path) => Path.GetExtension(path).ToUpperInvariant();
}
