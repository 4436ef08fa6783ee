using LoraOnnx.Model.Tokenization.Unicode;

namespace LoraOnnx.Model.Tokenization.BytePairs;

/// <summary>How many blanks an entry begins and ends with.</summary>
internal readonly record struct BlankEnds(int Leading, int Trailing)
{
    public bool Any => Leading > 0 || Trailing > 0;

    /// <summary>Counts them in a vocabulary entry, or in the text of an added token with the white space that it took.</summary>
    public static BlankEnds Of(ReadOnlySpan<char> piece)
    {
        var (leading, trailing) = (0, 0);
        while (leading < piece.Length && IsBlank(piece[leading]))
        {
            leading++;
        }

        while (trailing < piece.Length && IsBlank(piece[^(trailing + 1)]))
        {
            trailing++;
        }

        return new BlankEnds(leading, trailing);
    }

    /// <summary>
    /// Takes the blanks off a token's place, as Hugging Face's byte-level post-processor does: by count, not by looking at the text.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the token begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="isFirst">True where a single blank may have been added, so that it is not there to be left out.</param>
    public (int Start, int End) Trim(ReadOnlySpan<char> text, int start, int end, bool isFirst)
    {
        for (var blank = isFirst && Leading == 1 ? 1 : 0; blank < Leading && start < end; blank++)
        {
            start += start + 1 < end && char.IsSurrogatePair(text[start], text[start + 1]) ? 2 : 1;
        }

        for (var blank = 0; blank < Trailing && end > start; blank++)
        {
            end -= end - 2 >= start && char.IsSurrogatePair(text[end - 2], text[end - 1]) ? 2 : 1;
        }

        return (start, end);
    }

    private static bool IsBlank(char unit) => unit == ByteAlphabet.Blank || UnicodeTables.Instance.Is(unit, CharacterTraits.Space);
}
