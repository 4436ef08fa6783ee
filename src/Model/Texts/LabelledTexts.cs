using System.IO.Compression;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Model.Texts;

/// <summary>Reads labelled texts from JSON lines, <c>.jsonl</c> or <c>.jsonl.gz</c>. Labels are numbers or names of the model.</summary>
public static class LabelledTexts
{
    /// <summary>Streams the texts in file order.</summary>
    /// <exception cref="InputException">The file is missing, of an unknown kind, empty, or a row is malformed; file and line are named.</exception>
    public static IEnumerable<LabelledText> Read(string path, DistilBertConfig config)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(config);
        if (!File.Exists(path))
        {
            throw InputException.InFile(path, Directory.Exists(path) ? "is a folder, expected a file of labelled texts." : "no such file.");
        }

        return AtLeastOne(path, Rows(path, config));
    }

    /// <summary>All texts of a file; at least one.</summary>
    public static IReadOnlyList<LabelledText> ReadAll(string path, DistilBertConfig config) => [.. Read(path, config)];

    private static IEnumerable<LabelledText> Rows(string path, DistilBertConfig config)
    {
        var packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        var name = packed ? path[..^3] : path;
        return Path.GetExtension(name).ToUpperInvariant() switch
        {
            ".JSONL" or ".NDJSON" or ".JSON" => JsonLinesRows(path, packed, config),
            var other => throw InputException.InFile(path, $"the extension '{other}' is not known, expected .jsonl or .jsonl.gz."),
        };
    }

    private static IEnumerable<LabelledText> JsonLinesRows(string path, bool packed, DistilBertConfig config)
    {
        using var stream = Open(path, packed);
        foreach (var row in new JsonLines(path, config).Read(stream, TextLimits.Standard))
        {
            yield return row;
        }
    }

    private static Stream Open(string path, bool packed)
    {
        try
        {
            var file = File.OpenRead(path);
            return packed ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.InFile(path, $"cannot be read: {failure.Message}", inner: failure);
        }
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
