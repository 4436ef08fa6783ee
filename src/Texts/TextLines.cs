using System.Text;

namespace LoraOnnx.Texts;

/// <summary>
/// The lines of a file as text. One that is not UTF-8 is shown with marks in place of what cannot be read, and its error beside it.
/// </summary>
internal sealed class TextLines(string path, Stream stream, TextLimits limits)
{
    /// <summary>What to do where a file is in another encoding than was thought.</summary>
    public const string EncodingHint = "save the file as UTF-8, or say what it is: --encoding windows-1252.";

    private readonly LineReader _lines = new(path, stream, limits);

    /// <summary>UTF-8 that throws where bytes are not.</summary>
    public static UTF8Encoding StrictUtf8 { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Where the line stands that <see cref="TryRead"/> gave last.</summary>
    public RowPlace Place => new(path, _lines.Number);

    /// <summary>What is wrong with that line, or null.</summary>
    public InputException? Problem { get; private set; }

    /// <summary>The next line without its line end.</summary>
    public bool TryRead(out string line)
    {
        line = "";
        if (!_lines.TryRead(out var bytes))
        {
            return false;
        }

        try
        {
            Problem = null;
            line = StrictUtf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException failure)
        {
            line = Encoding.UTF8.GetString(bytes.Span);
            Problem = Place.Error($"is not valid UTF-8: {failure.Message}", EncodingHint, failure);
        }

        line = _lines.Number == 1 && line is ['\uFEFF', ..] ? line[1..] : line;
        return true;
    }
}
