using System.Text.Json;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Model.Texts;

/// <summary>Reads <c>{"text": "...", "label": 1}</c>, one object a line.</summary>
internal sealed class JsonLines(string path, DistilBertConfig config)
{
    private readonly ClassNames _classes = new(config);

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

            yield return Parse(line, lines.Number);
        }
    }

    private LabelledText Parse(ReadOnlyMemory<byte> line, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return Row(document.RootElement, number);
        }
        catch (JsonException failure)
        {
            throw InputException.InLine(path, number, $"is not valid JSON: {Shorten(failure.Message)}", inner: failure);
        }
        catch (InvalidOperationException failure)
        {
            throw InputException.InLine(path, number, $"is not valid Unicode: {Shorten(failure.Message)}", inner: failure);
        }
    }

    private LabelledText Row(JsonElement row, int line)
    {
        if (row.ValueKind != JsonValueKind.Object)
        {
            throw InputException.InLine(path, line, $"is {Describe(row)}, expected an object such as {{\"text\": \"...\", \"label\": 1}}.");
        }

        var textKey = row.TryGetProperty("text", out var text) || !row.TryGetProperty("sentence", out _) ? "text" : "sentence";
        if (!row.TryGetProperty(textKey, out text))
        {
            throw InputException.InLine(path, line, "has no 'text'.");
        }

        if (text.ValueKind != JsonValueKind.String)
        {
            throw InputException.InLine(path, line, $"'{textKey}' is {Describe(text)}, expected a string.");
        }

        if (!row.TryGetProperty("label", out var label))
        {
            throw InputException.InLine(path, line, "has no 'label'.");
        }

        var labels = Labels(label, line);
        return new LabelledText
        {
            Text = text.GetString()!, // the kind is checked above
            Label = labels.Length > 0 ? labels[0] : -1,
            Labels = labels,
            Columns = row.EnumerateObject()
                .Where(column => column.Name != textKey && column.Name != "label" && column.Value.ValueKind != JsonValueKind.Null)
                .GroupBy(column => column.Name)
                .ToDictionary(column => column.Key, column => column.Last().Value.ToString()),
        };
    }

    private int[] Labels(JsonElement label, int line)
    {
        if (config.ProblemType != ProblemType.MultiLabel || label.ValueKind != JsonValueKind.Array)
        {
            return [Label(label, line)];
        }

        int[] labels = [.. label.EnumerateArray().Select(one => Label(one, line))];
        return labels.Distinct().Count() == labels.Length
            ? labels
            : throw InputException.InLine(path, line, $"'label' is {Describe(label)}, which names a class twice.",
                "list the classes that hold, such as [0, 3], not a flag for each class.");
    }

    private int Label(JsonElement label, int line)
    {
        var found = label.ValueKind switch
        {
            JsonValueKind.String => _classes.Find(label.GetString()!), // the kind is checked here
            JsonValueKind.Number => _classes.Find(label.GetRawText()),
            _ => null,
        };
        return found ?? throw InputException.InLine(path, line, $"'label' is {Describe(label)}, expected {_classes.Expected}.");
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => $"the list {Shorten(value.GetRawText())}",
        _ => Shorten(value.GetRawText()),
    };

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
