using System.Text.Json;
using LoraOnnx.Model;

namespace LoraOnnx.Texts;

/// <summary>Reads <c>{"text": "...", "label": 1}</c>, one object a line. Escaped lone surrogates stay in the text, as Python keeps them; the
/// tokenizer removes them.</summary>
internal sealed class JsonLines(string path, ClassificationTask task)
{
    private readonly LabelReader _labels = new(task);

    public IEnumerable<LabelledText> Read(Stream stream, TextLimits limits)
    {
        var lines = new LineReader(path, stream, limits);
        var emptyLine = 0;
        while (lines.TryRead(out var line))
        {
            if (lines.Number == 1 && line.Span.StartsWith("\uFEFF"u8))
            {
                line = line[3..];
            }

            if (line.Span.IndexOfAnyExcept(" \t\r"u8) < 0)
            {
                // Fine at the end of the file only.
                emptyLine = emptyLine == 0 ? lines.Number : emptyLine;
                continue;
            }

            if (emptyLine > 0)
            {
                throw InputException.InLine(path, emptyLine, "is empty, expected a JSON object.");
            }

            yield return Parse(line, new RowPlace(path, lines.Number));
        }
    }

    private LabelledText Parse(ReadOnlyMemory<byte> line, RowPlace place)
    {
        try
        {
            using var document = BoundedJson.Parse(line);
            return Row(document.RootElement, place);
        }
        catch (JsonException failure)
        {
            throw place.Error($"is not valid JSON: {Reason(failure)}", inner: failure);
        }
        catch (InvalidOperationException failure)
        {
            throw place.Error($"is not valid Unicode: {Shorten(failure.Message)}", inner: failure);
        }
    }

    private LabelledText Row(JsonElement row, RowPlace place)
    {
        if (row.ValueKind != JsonValueKind.Object)
        {
            throw place.Error($"is {Describe(row)}, expected an object such as {{\"text\": \"...\", \"label\": 1}}.");
        }

        var textKey = Array.Find(ColumnNames.Text, key => row.TryGetProperty(key, out _)) ?? throw place.Error("has no 'text'.");
        var text = row.GetProperty(textKey);
        if (text.ValueKind != JsonValueKind.String)
        {
            throw place.Error($"'{textKey}' is {Describe(text)}, expected a string.");
        }

        var labelKey = Array.Find(ColumnNames.Label, key => row.TryGetProperty(key, out _)) ?? throw place.Error("has no 'label'.");
        return new LabelledText
        {
            Text = JsonText.Of(text),
            Labels = _labels.Read(row.GetProperty(labelKey), place),
            Columns = row.EnumerateObject()
                .Where(column => column.Name != textKey && column.Name != labelKey && column.Value.ValueKind != JsonValueKind.Null)
                .GroupBy(column => column.Name)
                .ToDictionary(column => column.Key, column => column.Last().Value is { ValueKind: JsonValueKind.String } value
                    ? JsonText.Of(value)
                    : column.Last().Value.ToString()),
        };
    }

    /// <summary>The parser's words without its own place: it counts from 0, and knows one line only.</summary>
    private static string Reason(JsonException failure)
    {
        const string Place = " LineNumber: ";
        var end = failure.Message.IndexOf(Place, StringComparison.Ordinal);
        return end < 0 ? Shorten(failure.Message) : $"{failure.Message[..end]} (byte {failure.BytePositionInLine + 1} of the line)";
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => $"the list {Shorten(value.GetRawText())}",
        _ => Shorten(value.GetRawText()),
    };

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
