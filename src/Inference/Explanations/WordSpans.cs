namespace LoraOnnx.Inference.Explanations;

/// <summary>
/// Tokens put together to words: those that adjoin in the text where a letter, digit, mark or apostrophe stands on both sides of the seam.
/// Punctuation is a word of its own; so is each character of a script that puts no blanks between words.
/// </summary>
internal static class WordSpans
{
    /// <summary>The words with the sums of their tokens, in order.</summary>
    public static IReadOnlyList<WordAttribution> Of(string text, IReadOnlyList<TokenAttribution> tokens)
    {
        var words = new List<WordAttribution>();
        foreach (var (token, value) in tokens)
        {
            if (token.End <= token.Start)
            {
                continue; // [CLS], [SEP], and pieces that stand for no part of the text
            }

            if (words is [.., var last] && token.Start <= last.End && (token.Start < last.End || IsInside(text, token.Start)))
            {
                words[^1] = new WordAttribution(last.Start, Math.Max(last.End, token.End), last.Value + value);
            }
            else
            {
                words.Add(new WordAttribution(token.Start, token.End, value));
            }
        }

        return words;
    }

    private static bool IsInside(string text, int seam) => Joins(text[seam - 1]) && Joins(text[seam]);

    private static bool Joins(char unit) => char.IsLetterOrDigit(unit) && !IsWithoutBlanks(unit) || unit is '\'' or '’'
        || char.GetUnicodeCategory(unit) is System.Globalization.UnicodeCategory.NonSpacingMark
            or System.Globalization.UnicodeCategory.SpacingCombiningMark;

    /// <summary>Han and kana, between CJK radicals and Hangul.</summary>
    private static bool IsWithoutBlanks(char unit) => unit is >= '\u2E80' and < '\uA000';
}
