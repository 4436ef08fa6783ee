using System.Buffers;

namespace LoraOnnx.Texts.Parquet;

/// <summary>Whole numbers in groups of 7 bits, lowest first: in footers, in pages, and before packed blocks.</summary>
internal static class Varint
{
    /// <summary>Reads the number at the beginning; gives how many bytes it has, 0 where they end before it does.</summary>
    /// <exception cref="FormatException">It has more than 64 bits.</exception>
    public static int Read(ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var (length, shift) = (0, 0); shift < 64; length++, shift += 7)
        {
            if (length == bytes.Length)
            {
                return 0;
            }

            value |= (ulong)(bytes[length] & 0x7F) << shift;
            if (bytes[length] < 0x80)
            {
                return length + 1;
            }
        }

        throw new FormatException("a number has more than 64 bits.");
    }

    /// <summary>The number with a sign that is written as one without: 0, -1, 1, -2 and so on.</summary>
    public static long Signed(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>Writes a number.</summary>
    public static void Write(IBufferWriter<byte> bytes, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Write([(byte)(value | 0x80)]);
        }

        bytes.Write([(byte)value]);
    }
}
