using System.Text;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>
/// Reads CSV and TSV with a header, quoted as RFC 4180 says: a field in double quotes may hold delimiters, line breaks and doubled quotes. A quote
/// inside a field that does not begin with one is a character like any other.
/// </summary>
internal sealed class DelimitedTable(string path, char delimiter, ClassificationTask task)
{
    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly LabelReader _labels = new(task);

    public IEnumerable<LabelledText> Read(Stream stream, TextLimits limits)
    {
        TableHeader? header = null;
        RowPlace? empty = null;
        foreach (var (place, cells) in Records(new LineReader(path, stream, limits), limits))
        {
            if (cells is [""])
            {
                // Fine at the end of the file only.
                empty ??= place;
                continue;
            }

            if (empty is { } hole)
            {
                throw hole.Error("is empty, expected a row.");
            }

            if (header is null)
            {
                header = new TableHeader([.. cells.Select(cell => cell.Trim())], place);
                continue;
            }

            if (cells.Count != header.Count)
            {
                throw place.Error($"has {cells.Count} fields, the header has {header.Count}.",
                    $"a field with a {Name(delimiter)} or a line break stands in double quotes.");
            }

            yield return new LabelledText
            {
                Text = cells[header.Text],
                Labels = _labels.Read(cells[header.Label], place),
                Columns = header.Others(cells),
            };
        }
    }

    /// <summary>The records with the line on which each begins.</summary>
    private IEnumerable<(RowPlace Place, IReadOnlyList<string> Cells)> Records(LineReader lines, TextLimits limits)
    {
        while (lines.TryRead(out var bytes))
        {
            var place = new RowPlace(path, lines.Number);
            var line = Decode(bytes, place);
            line = place.Line == 1 ? line.TrimStart('\uFEFF') : line;
            var record = new DelimitedRecord(delimiter, place);
            while (!record.Take(line))
            {
                if (record.Length > limits.LineBytes)
                {
                    throw place.Error($"the quoted field is longer than {limits.LineBytes} characters.", "is its closing quote missing?");
                }

                if (!lines.TryRead(out bytes))
                {
                    throw place.Error("a quoted field does not end.", "a quote inside a quoted field is written twice.");
                }

                line = Decode(bytes, new RowPlace(path, lines.Number));
            }

            yield return (place, record.Cells);
        }
    }

    private static string Decode(ReadOnlyMemory<byte> bytes, RowPlace place)
    {
        try
        {
            return _utf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException failure)
        {
            throw place.Error($"is not valid UTF-8: {failure.Message}", "save the file as UTF-8.", failure);
        }
    }

    private static string Name(char delimiter) => delimiter == '\t' ? "tab" : "comma";
}
