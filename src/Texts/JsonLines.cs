namespace LoraOnnx.Texts;

/// <summary>Reads <c>{"text": "...", "label": 1}</c>, one object a line.</summary>
internal sealed class JsonLines(string path, TextOptions options, bool labelled, TextNotices notices)
{
    private readonly JsonRows _rows = new(options, labelled, notices);

    public IEnumerable<TextRow> Read(Stream stream, TextLimits limits)
    {
        var lines = new LineReader(path, stream, limits);
        var empty = (RowPlace?)null;
        while (lines.TryRead(out var line))
        {
            if (lines.Number == 1 && line.Span.StartsWith("\uFEFF"u8))
            {
                line = line[3..];
            }

            var place = new RowPlace(path, lines.Number);
            if (line.Span.IndexOfAnyExcept(" \t\r"u8) < 0)
            {
                // Fine at the end of the file only.
                empty ??= place;
                continue;
            }

            if (empty is { } hole)
            {
                yield return new TextRow { Place = hole, Problem = hole.Error("is empty, expected a JSON object.") };
                empty = null;
            }

            yield return _rows.Row(line, place);
        }
    }
}
