using System.IO.Compression;
using LoraOnnx.Hub;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>
/// Reads labelled texts: JSON lines, CSV and TSV with a header (each also <c>.gz</c>), Parquet, or a folder with a folder for each class.
/// docs/training.md shows the forms. Labels are numbers or names of the model. <c>hf:NAME:SPLIT</c> is a split of a dataset of the Hugging Face hub.
/// </summary>
public static class LabelledTexts
{
    private const string Known = ".jsonl, .csv, .tsv (each also .gz), .parquet, a folder with a folder for each class, or hf:NAME:SPLIT";

    /// <summary>Streams the texts in file order.</summary>
    /// <param name="path">The file, the folder, or a split of the hub.</param>
    /// <param name="task">The classes that the labels belong to.</param>
    /// <param name="progress">Told of downloads from the hub.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <exception cref="InputException">The file is missing, of an unknown kind, empty, or a row is malformed; file and line are named.</exception>
    public static IEnumerable<LabelledText> Read(
        string path, ClassificationTask task, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(task);
        if (path.StartsWith(HubDatasets.Prefix, StringComparison.Ordinal))
        {
            return HubDatasets.Locate(path, HubSettings.FromEnvironment(), progress, cancellationToken)
                .SelectMany(file => AtLeastOne(file, Rows(file, task)));
        }

        if (Directory.Exists(path))
        {
            return AtLeastOne(path, new ReviewFolder(path, task).Read(TextLimits.Standard));
        }

        return File.Exists(path) ? AtLeastOne(path, Rows(path, task)) : throw InputException.InFile(path, "no such file.");
    }

    /// <summary>All texts of a file; at least one.</summary>
    public static IReadOnlyList<LabelledText> ReadAll(string path, ClassificationTask task) => [.. Read(path, task, null, CancellationToken.None)];

    private static IEnumerable<LabelledText> Rows(string path, ClassificationTask task)
    {
        var packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        var extension = Path.GetExtension(packed ? path[..^3] : path);
        return extension.ToUpperInvariant() switch
        {
            ".JSONL" or ".NDJSON" or ".JSON" => Stream(path, packed, stream => new JsonLines(path, task).Read(stream, TextLimits.Standard)),
            ".CSV" => Stream(path, packed, stream => new DelimitedTable(path, ',', task).Read(stream, TextLimits.Standard)),
            ".TSV" => Stream(path, packed, stream => new DelimitedTable(path, '\t', task).Read(stream, TextLimits.Standard)),
            ".PARQUET" when !packed => Stream(path, packed, stream => new ParquetTable(path, task).Read(stream, TextLimits.Standard)),
            _ => throw InputException.InFile(path, $"the extension '{extension}' is not known, expected {Known}."),
        };
    }

    private static IEnumerable<LabelledText> Stream(string path, bool packed, Func<Stream, IEnumerable<LabelledText>> read)
    {
        using var stream = Open(path, packed);
        foreach (var row in read(stream))
        {
            yield return row;
        }
    }

    private static Stream Open(string path, bool packed)
    {
        var file = ForeignFile.Open(path);
        return packed ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    private static IEnumerable<LabelledText> AtLeastOne(string path, IEnumerable<LabelledText> rows)
    {
        var any = false;
        foreach (var row in rows)
        {
            any = true;
            yield return row;
        }

        if (!any)
        {
            throw InputException.InLine(path, 1, "is empty, expected at least one labelled text.");
        }
    }
}
