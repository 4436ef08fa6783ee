using System.IO.Compression;
using LoraOnnx.Hub;

namespace LoraOnnx.Texts;

/// <summary>
/// Reads files of texts, row by row, with all their columns: JSON lines and arrays, CSV and TSV with a header (each also <c>.gz</c>), Parquet, or a
/// folder with a folder for each class. <c>hf:NAME:SPLIT</c> is a split of a dataset of the Hugging Face hub. docs/training.md shows the forms.
/// </summary>
public static class TextRows
{
    private const string Known = ".jsonl, .json, .csv, .tsv (each also .gz), .parquet, a folder with a folder for each class, or hf:NAME:SPLIT";

    /// <summary>
    /// Streams the rows in the file's order; a row that cannot be read says so in <see cref="TextRow.Problem"/>, and the next one follows.
    /// </summary>
    /// <param name="path">The file, the folder, or a split of the hub.</param>
    /// <param name="options">Columns and encoding.</param>
    /// <param name="labelled">True to read labels, in which case there must be a column of them; else they are cells like others.</param>
    /// <param name="notices">Told of choices and doubts.</param>
    /// <param name="progress">Told of downloads from the hub.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <exception cref="InputException">The file is missing, of an unknown kind or empty, its header lacks a column, or it cannot be read
    /// on.</exception>
    public static IEnumerable<TextRow> Read(string path, TextOptions options, bool labelled, TextNotices notices, IProgress<HubProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        return Read(path, new TextReading(options, labelled, notices), _ => 0, progress, cancellationToken);
    }

    /// <summary>Streams the rows of one file, however large, to somebody who keeps none of them; labels are cells like others.</summary>
    /// <param name="path">The file; no folder, and no split of the hub.</param>
    /// <param name="options">Columns and encoding.</param>
    /// <param name="notices">Told of choices and doubts.</param>
    /// <param name="name">What messages call the file; its path where it is null.</param>
    /// <exception cref="InputException">As <see cref="Read(string, TextOptions, bool, TextNotices, IProgress{HubProgress}?,
    /// CancellationToken)"/>.</exception>
    public static IEnumerable<TextRow> Pass(string path, TextOptions options, TextNotices notices, string? name)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        return Pass(path, new TextReading(options, Labelled: false, notices) { Name = name });
    }

    /// <summary>The same, with labels too.</summary>
    internal static IEnumerable<TextRow> Pass(string path, TextReading reading) =>
        Checked(path, Rows(path, reading with { Limits = TextLimits.Passing }), reading);

    /// <summary>True for a name that says how the file is read, as <c>.csv</c> and <c>.csv.gz</c> do.</summary>
    public static bool IsKnown(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var (extension, packed) = KindOf(path);
        return IsText(extension) || (IsStored(extension) && !packed);
    }

    /// <summary>The place of the column of texts among those of a table.</summary>
    /// <exception cref="InputException">There is none, or more than one.</exception>
    public static int TextColumnOf(IReadOnlyList<string> names, TextOptions options, string path) =>
        new ColumnRoles(names, options, labelled: false, new RowPlace(path, 1)).Text;

    /// <summary>Whether a table has labels: columns that the user names, else one of a well-known name.</summary>
    /// <exception cref="InputException">A column that the user names is not there, or more than once.</exception>
    public static bool HasLabels(IReadOnlyList<string> names, TextOptions options, string path)
    {
        ArgumentNullException.ThrowIfNull(options);
        var isSaid = options.LabelColumn is not null || options.LabelColumns.Count > 0;
        if (!isSaid && !names.Any(name => ColumnNames.Label.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            return false;
        }

        var roles = new ColumnRoles(names, options, labelled: true, new RowPlace(path, 1));
        return isSaid || roles.Label is not null;
    }

    /// <summary>Says early what reading would say late: that there is no such file.</summary>
    public static void CheckThere(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!path.StartsWith(HubDatasets.Prefix, StringComparison.Ordinal) && !Path.Exists(path))
        {
            throw Missing(path);
        }
    }

    private static InputException Missing(string path) => InputException.InFile(path, "no such file.", NearbyNames.Of(path));

    /// <summary>The same, with the order of a folder's classes.</summary>
    internal static IEnumerable<TextRow> Read(string path, TextReading reading, Func<string, int> orderOf, IProgress<HubProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (path.StartsWith(HubDatasets.Prefix, StringComparison.Ordinal))
        {
            return HubDatasets.Locate(path, HubSettings.FromEnvironment(), progress, cancellationToken)
                .SelectMany(file => Checked(file, Rows(file, reading), reading));
        }

        return Directory.Exists(path) ? Checked(path, new ReviewFolder(path, reading.Options).Read(reading.Limits, orderOf), reading)
            : File.Exists(path) ? Checked(path, Rows(path, reading), reading)
            : throw Missing(path);
    }

    private static IEnumerable<TextRow> Rows(string path, TextReading reading)
    {
        var (extension, packed) = KindOf(path);
        return IsText(extension) ? Decoded(path, packed, extension, reading)
            : IsStored(extension) && !packed ? Stored(path, reading)
            : throw InputException.InFile(path, $"the extension '{extension}' is not known, expected {Known}.",
                extension.ToUpperInvariant() is ".XLSX" or ".XLS" ? "save the sheet as CSV." : null);
    }

    private static (string Extension, bool Packed) KindOf(string path)
    {
        var packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        return (Path.GetExtension(packed ? path[..^3] : path), packed);
    }

    private static bool IsText(string extension) => extension.ToUpperInvariant() is ".JSONL" or ".NDJSON" or ".JSON" or ".CSV" or ".TSV";

    private static bool IsStored(string extension) => extension.Equals(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>The rows of a stream of text: <paramref name="extension"/> says of which kind. The stream is taken over.</summary>
    internal static IEnumerable<TextRow> Decoded(string path, Stream stream, string extension, TextReading reading)
    {
        const int StartBytes = 1 << 10;
        var (options, labelled, notices) = reading;
        var limits = reading.Limits;
        using var decoded = DecodedStream.Open(stream, options.Encoding, path);
        switch (extension.ToUpperInvariant())
        {
            case ".CSV" or ".TSV":
                var usual = extension.Equals(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : ',';
                foreach (var row in new DelimitedTable(path, options, labelled, notices, usual).Read(decoded, limits))
                {
                    yield return row;
                }

                yield break;
            case ".JSON":
                var start = new byte[StartBytes];
                using (var whole = new PrefixedStream(start.AsMemory(0, LineReader.ReadUpTo(decoded, start, path)), decoded))
                {
                    foreach (var row in JsonArray.Begins(start) ? new JsonArray(path, options, labelled, notices).Read(whole, limits)
                        : new JsonLines(path, options, labelled, notices).Read(whole, limits))
                    {
                        yield return row;
                    }
                }

                yield break;
            default:
                foreach (var row in new JsonLines(path, options, labelled, notices).Read(decoded, limits))
                {
                    yield return row;
                }

                yield break;
        }
    }

    private static IEnumerable<TextRow> Decoded(string path, bool packed, string extension, TextReading reading)
    {
        using var file = ForeignFile.Open(path);
        FirstBytes.Check(reading.Name ?? path, file, packed);
        using Stream stream = packed ? new GZipStream(file, CompressionMode.Decompress) : file;
        foreach (var row in Decoded(reading.Name ?? path, stream, extension, reading))
        {
            yield return row;
        }
    }

    private static IEnumerable<TextRow> Stored(string path, TextReading reading)
    {
        using var stream = ForeignFile.Open(path);
        foreach (var row in new ParquetTable(reading.Name ?? path, reading.Options, reading.Labelled, reading.Notices).Read(stream, reading.Limits))
        {
            yield return row;
        }
    }

    private static bool HasHeader(string path) => Path.GetExtension(path).ToUpperInvariant() is ".CSV" or ".TSV"
        && new FileInfo(path) is { Exists: true, Length: > 0 };

    /// <summary>The same rows: at least one, and a word on empty texts, which every format may have.</summary>
    internal static IEnumerable<TextRow> Checked(string path, IEnumerable<TextRow> rows, TextReading reading)
    {
        var (count, empty, first) = (0L, 0L, default(RowPlace));
        foreach (var row in rows)
        {
            count++;
            if (row.Problem is null && string.IsNullOrWhiteSpace(row.Text) && empty++ == 0)
            {
                first = row.Place;
            }

            yield return row;
        }

        if (count == 0)
        {
            throw InputException.InLine(reading.Name ?? path, 1,
                $"is empty, expected at least one text{(HasHeader(path) ? " below its header" : "")}.");
        }

        if (empty > 0)
        {
            var what = empty == 1 ? "an empty text" : $"the first of {empty} empty texts";
            reading.Notices.Warn($"{first.Path}:{first.Line}: {what} in {count} rows; such texts are kept.");
        }
    }
}

/// <summary>How a file is read.</summary>
internal sealed record TextReading(TextOptions Options, bool Labelled, TextNotices Notices)
{
    /// <summary>How much may be read.</summary>
    public TextLimits Limits { get; init; } = TextLimits.Standard;

    /// <summary>What messages call the file; its path where it is null.</summary>
    public string? Name { get; init; }
}
