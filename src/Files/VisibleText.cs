using System.Buffers;
using System.Globalization;
using System.Text;

namespace LoraOnnx.Files;

/// <summary>
/// Foreign text in a form that can be shown in an error, a log or a report: bounded, on one line, and without characters that steer a terminal or
/// hide what stands there (control and format characters, line separators, halves of surrogate pairs, private use), which become <c>\u001B</c>.
/// </summary>
public static class VisibleText
{
    /// <summary>Most characters that are shown of anything foreign.</summary>
    public const int MostCharacters = 200;

    private const string Cut = "...";

    /// <summary>At most <paramref name="most"/> characters of a text (escapes counted), the last of them <c>...</c> where it was longer.</summary>
    public static string Of(ReadOnlySpan<char> text, int most = MostCharacters)
    {
        var shown = new StringBuilder();
        while (!text.IsEmpty && shown.Length <= most)
        {
            var isWhole = Rune.DecodeFromUtf16(text, out var rune, out var length) == OperationStatus.Done;
            if (isWhole && !Hides(rune))
            {
                shown.Append(text[..length]);
            }
            else
            {
                AppendEscaped(shown, text[..length]);
            }

            text = text[length..];
        }

        return shown.Length <= most ? shown.ToString() : Prefix(shown, most - Cut.Length) + Cut;
    }

    /// <summary>True for what steers a terminal or hides what stands there.</summary>
    public static bool Hides(Rune rune) => rune.Value is < ' ' or 0x7F
        || (!rune.IsAscii && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse);

    private static void AppendEscaped(StringBuilder shown, ReadOnlySpan<char> characters)
    {
        foreach (var character in characters)
        {
            shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
        }
    }

    private static string Prefix(StringBuilder text, int length) =>
        text.ToString(0, char.IsHighSurrogate(text[length - 1]) ? length - 1 : length);
}
