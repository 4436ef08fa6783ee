using System.Text;

namespace LoraOnnx.Texts;

/// <summary>A file of text as UTF-8, whatever it is stored in: what its byte order mark says, else what the user says.</summary>
internal static class DecodedStream
{
    private const int LongestMark = 4;

    /// <summary>
    /// Takes <paramref name="stream"/> over. Bytes that are not of the encoding throw <see cref="DecoderFallbackException"/> when they are read.
    /// </summary>
    /// <exception cref="InputException">There is no such encoding, or the compressed data is damaged.</exception>
    public static Stream Open(Stream stream, string? encoding, string path)
    {
        var said = encoding is null ? null : Named(encoding);
        var start = new byte[LongestMark];
        var length = LineReader.ReadUpTo(stream, start, path);
        var (marked, mark) = start.AsSpan(0, length) switch
        {
            [0xEF, 0xBB, 0xBF, ..] => (null, 0), // UTF-8; whoever reads lines takes the mark off
            [0xFF, 0xFE, 0, 0] => (Strict(Encoding.UTF32), 4),
            [0xFF, 0xFE, ..] => (Strict(Encoding.Unicode), 2),
            [0xFE, 0xFF, ..] => (Strict(Encoding.BigEndianUnicode), 2),
            _ => (said, 0),
        };
        var whole = new PrefixedStream(start.AsMemory(mark, length - mark), stream);
        return marked is null or UTF8Encoding ? whole : Encoding.CreateTranscodingStream(whole, marked, new UTF8Encoding(false));
    }

    /// <exception cref="InputException">There is none of that name.</exception>
    public static Encoding Named(string name)
    {
        try
        {
            return Strict(CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name));
        }
        catch (ArgumentException failure)
        {
            throw new InputException($"--encoding is '{name}', which is no encoding.", "for example utf-8, utf-16, windows-1252, iso-8859-1.",
                failure);
        }
    }

    private static Encoding Strict(Encoding encoding)
    {
        var strict = (Encoding)encoding.Clone();
        strict.DecoderFallback = DecoderFallback.ExceptionFallback;
        return strict;
    }
}
