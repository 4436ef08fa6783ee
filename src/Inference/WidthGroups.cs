namespace LoraOnnx.Inference;

/// <summary>
/// Which texts run together. Attention works on rows padded to a width, and a width that depended on the neighbours would change the order of its
/// sums; so the width of a text follows from its own length, and only texts of equal width share a run.
/// </summary>
internal static class WidthGroups
{
    /// <summary>Short texts share two widths, so that small batches stay together.</summary>
    private const int Narrow = 32;

    /// <summary>Beyond <see cref="Narrow"/> widths grow by this.</summary>
    private const int Step = 64;

    /// <summary>The width that a text of <paramref name="tokens"/> tokens is padded to, in every batch; at most <paramref name="largest"/>.</summary>
    public static int Width(int tokens, int largest) =>
        Math.Min(tokens <= Narrow ? Narrow : (tokens + Step - 1) / Step * Step, Math.Max(largest, tokens));

    /// <summary>Indices of the texts of each width, widest first so that a stop at the end costs little.</summary>
    public static IEnumerable<(int Width, int[] Texts)> Of(IReadOnlyList<int[]> batch, int largest) =>
        Enumerable.Range(0, batch.Count)
            .GroupBy(text => Width(batch[text].Length, largest))
            .OrderByDescending(group => group.Key)
            .Select(group => (group.Key, group.ToArray()));
}
