namespace LoraOnnx.Texts.Parquet;

/// <summary>Whole numbers in a page that do not fill bytes.</summary>
internal static class PackedBits
{
    /// <summary>The number of up to 64 bits that begins at a bit, lowest bits first.</summary>
    /// <exception cref="FormatException">It ends behind the page.</exception>
    public static ulong Read(ReadOnlySpan<byte> data, long bit, int bits)
    {
        if (bit + bits > 8L * data.Length)
        {
            throw new FormatException("a page ends before its last value.");
        }

        var value = 0UL;
        for (var read = 0; read < bits;)
        {
            var (index, shift) = ((int)((bit + read) >> 3), (int)((bit + read) & 7));
            value |= ((ulong)data[index] >> shift) << read;
            read += 8 - shift;
        }

        return bits == 64 ? value : value & ((1UL << bits) - 1);
    }

    /// <summary>A number in groups of 7 bits.</summary>
    /// <exception cref="FormatException">It ends behind the page, or not at all.</exception>
    public static ulong Unsigned(ReadOnlySpan<byte> data, ref int at)
    {
        var length = Varint.Read(data[at..], out var value);
        at += length;
        return length > 0 ? value : throw new FormatException("a page ends before its last value.");
    }

    /// <summary>A number with a sign in groups of 7 bits.</summary>
    public static long Signed(ReadOnlySpan<byte> data, ref int at) => Varint.Signed(Unsigned(data, ref at));
}
