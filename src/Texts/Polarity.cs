namespace LoraOnnx.Texts;

/// <summary>Well-known words for the two classes of a yes-or-no question: false is negative, true positive.</summary>
internal static class Polarity
{
    /// <summary>What a word means, or null where it is none of them.</summary>
    public static bool? Of(string word) => word.Trim().ToUpperInvariant() switch
    {
        "1" or "TRUE" or "LABEL_1" => true,
        "0" or "FALSE" or "LABEL_0" => false,
        ['P', 'O', 'S', .. var rest] when IsEnding(rest) => true,
        ['N', 'E', 'G', .. var rest] when IsEnding(rest) => false,
        _ => null,
    };

    /// <summary>What two names mean, where they are opposites; else null.</summary>
    public static bool?[]? OfTwo(IReadOnlyList<string> names) =>
        Of(names[0]) is { } first && Of(names[1]) is { } second && first != second ? [first, second] : null;

    /// <summary>pos, positive, pos_review; not possible.</summary>
    private static bool IsEnding(string rest) => rest is "" or "ITIVE" or "ATIVE" || !char.IsLetter(rest[0]);
}
