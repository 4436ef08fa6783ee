using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Products;

/// <summary>fp32 rows to unsigned bytes around 128, with a factor for each row: its largest size over 127.</summary>
internal static unsafe class Int8
{
    /// <summary>The byte that stands for 0.</summary>
    public const int Zero = 128;

    /// <summary>The largest code, above and below <see cref="Zero"/>.</summary>
    public const int Largest = 127;

    /// <summary>
    /// Rounds a row and says its factor; from <paramref name="length"/> to <paramref name="padded"/> the codes are 0, where weights are 0 too.
    /// </summary>
    public static float Round(float* row, int length, int padded, byte* rounded)
    {
        var factor = LargestSize(row, length) / Largest;
        var inverse = factor == 0 ? 0 : 1 / factor;
        var whole = length - (length % Vector512<float>.Count);
        for (var i = 0; i < whole; i += Vector512<float>.Count)
        {
            var codes = Vector512.ConvertToInt32Native(Vector512.Round(Vector512.Load(row + i) * inverse)) + Vector512.Create(Zero);
            var words = Vector512.Narrow(codes, codes).GetLower().AsUInt16();
            Vector256.Narrow(words, words).GetLower().Store(rounded + i);
        }

        for (var i = whole; i < length; i++)
        {
            rounded[i] = (byte)((int)MathF.Round(row[i] * inverse) + Zero);
        }

        new Span<byte>(rounded + length, padded - length).Clear();
        return factor;
    }

    /// <summary>The largest size in a row; NaN where a number of it is not finite, so that the whole row's result is.</summary>
    private static float LargestSize(float* row, int length)
    {
        var whole = length - (length % Vector512<float>.Count);
        Vector512<float> largest = Vector512<float>.Zero, spoiled = Vector512<float>.Zero;
        for (var i = 0; i < whole; i += Vector512<float>.Count)
        {
            var x = Vector512.Load(row + i);
            largest = Vector512.MaxNative(largest, Vector512.Abs(x));
            spoiled = Vector512.FusedMultiplyAdd(x, Vector512<float>.Zero, spoiled); // MaxNative may lose a NaN; this keeps it
        }

        var eight = Vector256.MaxNative(largest.GetLower(), largest.GetUpper());
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        var size = MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3])) + Vector512.Sum(spoiled);
        for (var i = whole; i < length; i++)
        {
            size = MathF.Max(size, MathF.Abs(row[i])) + (row[i] * 0);
        }

        return size;
    }
}
