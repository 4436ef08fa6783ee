using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace LoraOnnx.Reports;

/// <summary>
/// Writes every value of a page as HTML, with characters that hide or turn what stands there as <c>\u202E</c>. Line ends and tabs stay, and so do the
/// joiners that scripts and emoji are written with.
/// </summary>
internal sealed unsafe class VisibleEncoder : HtmlEncoder
{
    private static readonly HtmlEncoder _html = Default;

    public override int MaxOutputCharactersPerInputCharacter => Math.Max(6, _html.MaxOutputCharactersPerInputCharacter);

    public override bool WillEncode(int unicodeScalar) => Hides(unicodeScalar) || _html.WillEncode(unicodeScalar);

    public override int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var characters = new ReadOnlySpan<char>(text, textLength);
        for (var at = 0; at < textLength;)
        {
            if (Rune.DecodeFromUtf16(characters[at..], out var rune, out var length) != System.Buffers.OperationStatus.Done || WillEncode(rune.Value))
            {
                return at;
            }

            at += length;
        }

        return -1;
    }

    public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        if (!Hides(unicodeScalar))
        {
            return _html.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten);
        }

        return new Span<char>(buffer, bufferLength)
            .TryWrite(CultureInfo.InvariantCulture, $"\\u{unicodeScalar:X4}", out numberOfCharactersWritten);
    }

    private static bool Hides(int scalar) => scalar is not ('\n' or '\r' or '\t' or 0x200C or 0x200D)
        && Rune.IsValid(scalar) && VisibleText.Hides(new Rune(scalar));
}
