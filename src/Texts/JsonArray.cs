namespace LoraOnnx.Texts;

/// <summary>
/// Reads a JSON array of objects, <c>[{"text": "...", "label": 1}, ...]</c>, over any number of lines, one object in memory at a time; or JSON lines,
/// where no array begins.
/// </summary>
internal sealed class JsonArray(string path, TextOptions options, bool labelled, TextNotices notices)
{
    private readonly JsonRows _rows = new(options, labelled, notices);

    /// <summary>True where the first character that is no blank begins an array.</summary>
    public static bool Begins(ReadOnlySpan<byte> start)
    {
        start = start.StartsWith("\uFEFF"u8) ? start[3..] : start;
        return start.TrimStart(" \t\r\n"u8) is [(byte)'[', ..];
    }

    public IEnumerable<TextRow> Read(Stream stream, TextLimits limits)
    {
        var elements = new JsonElements(path, new LineReader(path, stream, limits), limits);
        while (elements.TryRead(out var element, out var place))
        {
            yield return _rows.Row(element, place);
        }
    }
}
