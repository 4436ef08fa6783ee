using LoraOnnx.Graph;

namespace LoraOnnx.Inference;

/// <summary>
/// Which texts run together. The width that attention works on decides the order of its sums; so the width of a text follows from its own length, and
/// only texts of equal width share a run. Short texts are padded, so that many share one; for longer ones attention without padding saves more.
/// </summary>
internal static class WidthGroups
{
    /// <summary>Short texts share two widths, this and <see cref="PackedInputs.WidestMask"/>, so that small batches stay together.</summary>
    private const int Narrow = 32;

    /// <summary>The width that a text of <paramref name="tokens"/> tokens is padded to, in every batch; at most <paramref name="largest"/> for texts
    /// no longer than that.</summary>
    public static int Width(int tokens, int largest) => tokens switch
    {
        <= Narrow => Math.Min(Narrow, Math.Max(largest, tokens)),
        <= PackedInputs.WidestMask => Math.Min(PackedInputs.WidestMask, Math.Max(largest, tokens)),
        _ => tokens,
    };

    /// <summary>All texts in one group.</summary>
    public static IEnumerable<(int Width, int[] Texts)> One(IReadOnlyList<int[]> batch) =>
        batch.Count == 0 ? [] : [(batch.Max(ids => ids.Length), [.. Enumerable.Range(0, batch.Count)])];

    /// <summary>Indices of the texts of each width, widest first so that a stop at the end costs little.</summary>
    public static IEnumerable<(int Width, int[] Texts)> Of(IReadOnlyList<int[]> batch, int largest) =>
        Enumerable.Range(0, batch.Count)
            .GroupBy(text => Width(batch[text].Length, largest))
            .OrderByDescending(group => group.Key)
            .Select(group => (group.Key, group.ToArray()));
}
