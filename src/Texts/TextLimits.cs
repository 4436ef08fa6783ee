namespace LoraOnnx.Texts;

/// <summary>How much a data file may unpack to, so that a damaged or hostile one cannot fill the memory or run for ever.</summary>
/// <param name="LineBytes">Longest line, or text of a folder. The longest review of the Large Movie Review Dataset has 14 KB, War and Peace 3
/// MB.</param>
/// <param name="TotalBytes">All lines together, unpacked.</param>
internal readonly record struct TextLimits(int LineBytes, long TotalBytes)
{
    /// <summary>Of texts that are kept in memory.</summary>
    public static TextLimits Standard { get; } = new(LineBytes: 16 << 20, TotalBytes: 16L << 30);

    /// <summary>Of texts that are passed on row by row, so that their sum is no memory.</summary>
    public static TextLimits Passing { get; } = Standard with { TotalBytes = 1L << 40 };
}
