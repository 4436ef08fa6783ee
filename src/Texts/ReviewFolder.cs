using System.IO.Compression;
using System.Text;

namespace LoraOnnx.Texts;

/// <summary>
/// Reads a folder with a folder for each class and a text in each file, as the Large Movie Review Dataset has it: <c>neg/*.txt</c> and
/// <c>pos/*.txt</c> (also
/// <c>.txt.gz</c>). A folder's name is the label of its texts; <c>unsup</c> has none and is left out. Files come in the order of their names.
/// </summary>
internal sealed class ReviewFolder(string path, TextOptions options)
{
    private const string Unlabelled = "unsup";

    /// <param name="limits">How much may be read.</param>
    /// <param name="orderOf">Where the folder of a name stands among the others; of equals the names decide.</param>
    public IEnumerable<TextRow> Read(TextLimits limits, Func<string, int> orderOf)
    {
        var folders = Directory.GetDirectories(path).Where(folder => Path.GetFileName(folder) != Unlabelled)
            .OrderBy(folder => orderOf(Path.GetFileName(folder))).ThenBy(folder => folder, StringComparer.Ordinal).ToList();
        if (folders.Count == 0)
        {
            throw InputException.InFile(path, "holds no folders, expected one for each class, such as neg and pos.",
                "give the folder that has them, such as aclImdb/train.");
        }

        var total = 0L;
        foreach (var folder in folders)
        {
            foreach (var file in Texts(folder))
            {
                var text = ReadText(file, limits.LineBytes);
                total += text.Length;
                if (total > limits.TotalBytes)
                {
                    throw InputException.InFile(file, $"the texts are larger than {limits.TotalBytes} characters together.");
                }

                yield return new TextRow
                {
                    Place = new RowPlace(file, 1),
                    Text = text,
                    Label = RawLabel.One(new LabelCell(LabelKind.Word, Path.GetFileName(folder)))
                };
            }
        }
    }

    private static List<string> Texts(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder).Where(IsText).Order(StringComparer.Ordinal)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unreadable(folder, failure);
        }
    }

    private static bool IsText(string file) => file.EndsWith(".txt", StringComparison.OrdinalIgnoreCase)
        || file.EndsWith(".txt.gz", StringComparison.OrdinalIgnoreCase);

    private string ReadText(string file, int limit)
    {
        try
        {
            using var content = ForeignFile.Open(file);
            using var unpacked = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(content, CompressionMode.Decompress)
                : (Stream)content;
            using var stream = DecodedStream.Open(unpacked, options.Encoding, file);
            using var bytes = new MemoryStream();
            var buffer = new byte[16 << 10];
            for (int read; (read = stream.Read(buffer)) > 0;)
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > limit)
                {
                    throw InputException.InFile(file, $"is longer than {limit} bytes.");
                }
            }

            return TextLines.StrictUtf8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException failure)
        {
            throw InputException.InFile(file, $"is not valid {options.Encoding ?? "UTF-8"}: {failure.Message}", TextLines.EncodingHint, failure);
        }
        catch (InvalidDataException failure)
        {
            throw InputException.InFile(file, $"the compressed data is damaged: {failure.Message}", inner: failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unreadable(file, failure);
        }
    }
}
