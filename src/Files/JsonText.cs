using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace LoraOnnx.Files;

/// <summary>
/// Strings of JSON as Python's <c>json</c> reads them: an escaped lone surrogate such as <c>\ud83d</c> (half an emoji, left by a tool that cut a
/// text) stays in the string, where .NET's own reader throws.
/// </summary>
public static class JsonText
{
    /// <exception cref="InvalidOperationException">The bytes are not UTF-8.</exception>
    public static string Of(JsonElement value)
    {
        var utf8 = JsonMarshal.GetRawUtf8Value(value);
        return utf8.IndexOf("\\ud"u8) < 0 && utf8.IndexOf("\\uD"u8) < 0
            ? value.GetString()! // callers have checked the kind
            : Unescape(value.GetRawText().AsSpan()[1..^1]);
    }

    /// <summary>The parser has checked that every escape is whole.</summary>
    private static string Unescape(ReadOnlySpan<char> raw)
    {
        var text = new StringBuilder(raw.Length);
        while (raw.IndexOf('\\') is >= 0 and var at)
        {
            text.Append(raw[..at]);
            text.Append(raw[at + 1] switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => (char)ushort.Parse(raw.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                var itself => itself,
            });
            raw = raw[(at + (raw[at + 1] == 'u' ? 6 : 2))..];
        }

        return text.Append(raw).ToString();
    }
}
