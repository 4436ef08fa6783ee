namespace LoraOnnx.Training.Learning;

/// <summary>Texts that lie side by side and that attention takes in one call, each as if it were <paramref name="Width"/> tokens long.</summary>
/// <param name="FirstText">Place of the first text.</param>
/// <param name="FirstToken">Row of its first token.</param>
/// <param name="Width">At least the longest length.</param>
/// <param name="Lengths">Tokens of each text.</param>
internal sealed record TextGroup(int FirstText, int FirstToken, int Width, int[] Lengths)
{
    /// <summary>Padded widths are multiples of this, so that there are few shapes: oneDNN compiles a kernel for each.</summary>
    private const int WidthStep = 32;

    /// <summary>Padded texts in a group have up to so many tokens, so that their scores fit the cache.</summary>
    private const int PaddedTokens = 512;

    /// <summary>Number of texts.</summary>
    public int Texts => Lengths.Length;

    /// <summary>Number of tokens.</summary>
    public int Tokens { get; } = Lengths.Sum();

    /// <summary>True when all texts are as long as the group is wide.</summary>
    public bool IsExact => Tokens == Width * Texts;

    /// <summary>Runs of texts of one length.</summary>
    /// <param name="lengths">Of all texts, shortest first.</param>
    public static List<TextGroup> Exact(ReadOnlySpan<int> lengths) => Of(lengths, length => length, (_, texts) => texts);

    /// <summary>Texts of about one length, of few widths and few numbers of texts.</summary>
    /// <param name="lengths">Of all texts, shortest first.</param>
    public static List<TextGroup> Padded(ReadOnlySpan<int> lengths) => Of(lengths,
        length => (length + WidthStep - 1) / WidthStep * WidthStep,
        (width, texts) => 1 << int.Log2(Math.Clamp(PaddedTokens / width, 1, texts)));

    private static List<TextGroup> Of(ReadOnlySpan<int> lengths, Func<int, int> widthOf, Func<int, int, int> textsOf)
    {
        var groups = new List<TextGroup>();
        for (int text = 0, token = 0; text < lengths.Length;)
        {
            var width = widthOf(lengths[text]);
            var sameWidth = 1;
            while (text + sameWidth < lengths.Length && widthOf(lengths[text + sameWidth]) == width)
            {
                sameWidth++;
            }

            groups.Add(new TextGroup(text, token, width, lengths.Slice(text, textsOf(width, sameWidth)).ToArray()));
            text += groups[^1].Texts;
            token += groups[^1].Tokens;
        }

        return groups;
    }
}
