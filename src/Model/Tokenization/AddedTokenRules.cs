using System.Globalization;
using System.Text;

namespace LoraOnnx.Model.Tokenization;

/// <summary>What an added token does with the text around it, as AddedVocabulary of Hugging Face's tokenizers defines it.</summary>
[Flags]
internal enum AddedTokenRules
{
    /// <summary>It is found anywhere and leaves what is around it alone.</summary>
    None = 0,

    /// <summary>It is not found beside a letter, digit, mark or underscore (<c>single_word</c>).</summary>
    SingleWord = 1,

    /// <summary>It takes the white space before it (<c>lstrip</c>).</summary>
    StripLeft = 2,

    /// <summary>It takes the white space after it (<c>rstrip</c>).</summary>
    StripRight = 4,
}

/// <summary>Where the rules end a token.</summary>
internal static class AddedTokenRule
{
    /// <summary>The rules in the object of an added token.</summary>
    public static AddedTokenRules Of(JsonFields token) => (token.Flag("single_word", absent: false) ? AddedTokenRules.SingleWord : 0)
        | (token.Flag("lstrip", absent: false) ? AddedTokenRules.StripLeft : 0)
        | (token.Flag("rstrip", absent: false) ? AddedTokenRules.StripRight : 0);

    /// <summary>True for a token that a rule keeps from being found.</summary>
    public static bool Forbids(this AddedTokenRules rules, ReadOnlySpan<char> before, ReadOnlySpan<char> after)
    {
        if ((rules & AddedTokenRules.SingleWord) == 0)
        {
            return false;
        }

        Rune.DecodeLastFromUtf16(before, out var last, out var lastUnits);
        Rune.DecodeFromUtf16(after, out var first, out var firstUnits);
        return (lastUnits > 0 && IsWord(last)) || (firstUnits > 0 && IsWord(first));
    }

    /// <summary>White space before a token that it takes, in UTF-16 units.</summary>
    public static int Before(this AddedTokenRules rules, ReadOnlySpan<char> before) =>
        (rules & AddedTokenRules.StripLeft) == 0 ? 0 : before.Length - before.TrimEnd().Length;

    /// <summary>White space after a token that it takes, in UTF-16 units.</summary>
    public static int After(this AddedTokenRules rules, ReadOnlySpan<char> after) =>
        (rules & AddedTokenRules.StripRight) == 0 ? 0 : after.Length - after.TrimStart().Length;

    /// <summary>
    /// <c>\w</c> of Rust's regular expressions: letters, marks, decimal digits, connectors, joiners, and the letters in circles and squares.
    /// </summary>
    private static bool IsWord(Rune rune) => Rune.IsLetter(rune)
        || rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9)
            or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
