using System.Globalization;
using System.Text;
using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization.BytePairs;

/// <summary>GPT-2's words: <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, as a walk of its own.</summary>
internal static class WordSplitter
{
    private static readonly Kind[] _kinds = Kinds();

    private enum Kind : byte
    {
        Other,
        Letter,
        Number,
        Space,
    }

    /// <summary>The end of the word that begins at <paramref name="start"/>.</summary>
    public static int End(ReadOnlySpan<char> text, int start)
    {
        var first = text[start];
        if (first == '\'' && Suffix(text[(start + 1)..]) is > 0 and var suffix)
        {
            return start + 1 + suffix;
        }

        var from = first == ' ' && start + 1 < text.Length ? start + 1 : start;
        var kind = KindAt(text, from, out var units);
        if (kind == Kind.Space)
        {
            return EndOfSpace(text, start);
        }

        var end = from + units;
        while (end < text.Length && KindAt(text, end, out units) == kind)
        {
            end += units;
        }

        return end;
    }

    /// <summary>White space up to the end, or all but the last of it where a word follows: that belongs to the word, where it is a blank.</summary>
    private static int EndOfSpace(ReadOnlySpan<char> text, int start)
    {
        var end = start;
        while (end < text.Length && KindAt(text, end, out _) == Kind.Space)
        {
            end++;
        }

        return end == text.Length || end == start + 1 ? end : end - 1;
    }

    private static int Suffix(ReadOnlySpan<char> text) => text switch
    {
        ['s' or 't' or 'm' or 'd', ..] => 1,
        ['r' or 'v', 'e', ..] or ['l', 'l', ..] => 2,
        _ => 0,
    };

    private static Kind KindAt(ReadOnlySpan<char> text, int index, out int units)
    {
        units = 1;
        var unit = text[index];
        if (!char.IsHighSurrogate(unit))
        {
            return _kinds[unit];
        }

        Rune.DecodeFromUtf16(text[index..], out var rune, out units);
        return Of(Rune.GetUnicodeCategory(rune));
    }

    private static Kind[] Kinds()
    {
        var kinds = new Kind[1 << 16];
        for (var unit = 0; unit < kinds.Length; unit++)
        {
            kinds[unit] = UnicodeTables.Instance.Is(unit, CharacterTraits.Space) ? Kind.Space : Of(CharUnicodeInfo.GetUnicodeCategory((char)unit));
        }

        return kinds;
    }

    private static Kind Of(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => Kind.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
        _ => Kind.Other,
    };
}
