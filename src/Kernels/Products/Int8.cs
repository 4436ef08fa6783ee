using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LoraOnnx.Kernels.Products;

/// <summary>fp32 rows to unsigned bytes, with a factor for each row: its largest size over the largest code.</summary>
internal static unsafe class Int8
{
    private const int Lanes = 16;

    /// <summary>Bits of infinity: a size with as many or more is no number.</summary>
    private const int NotFinite = 0x7f800000;

    /// <summary>
    /// Rounds a row and says its factor; from <paramref name="length"/> to <paramref name="padded"/> the codes are 0, where weights are 0 too. Each
    /// number is first multiplied by <paramref name="smoothing"/>, unless that is null. NaN where a number is not finite, so that the whole row's
    /// result is.
    /// </summary>
    public static float Round(float* row, float* smoothing, int length, int padded, Int8Codes codes, byte* rounded)
    {
        var factor = smoothing is null ? LargestSize<AsItIs>(row, smoothing, length) : LargestSize<Smoothed>(row, smoothing, length);
        factor = MathF.Max(factor / codes.Up, codes.Lowest);
        var inverse = factor == 0 ? 0 : 1 / factor;
        if (smoothing is null)
        {
            Place<AsItIs>(row, smoothing, length, inverse, codes.Zero, rounded);
        }
        else
        {
            Place<Smoothed>(row, smoothing, length, inverse, codes.Zero, rounded);
        }

        new Span<byte>(rounded + length, padded - length).Clear();
        return factor;
    }

    /// <summary>The largest size in a row. Sizes are compared as whole numbers, among which NaN is the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float LargestSize<TInput>(float* row, float* smoothing, int length)
        where TInput : struct, IInput
    {
        var largest = Vector512<int>.Zero;
        var i = 0;
        for (; i <= length - Lanes; i += Lanes)
        {
            largest = Vector512.Max(largest, Vector512.Abs(TInput.Load(row, smoothing, i)).AsInt32());
        }

        var eight = Vector256.Max(largest.GetLower(), largest.GetUpper());
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        var size = Math.Max(Math.Max(four[0], four[1]), Math.Max(four[2], four[3]));
        for (; i < length; i++)
        {
            size = Math.Max(size, BitConverter.SingleToInt32Bits(MathF.Abs(TInput.One(row, smoothing, i))));
        }

        return size < NotFinite ? BitConverter.Int32BitsToSingle(size) : float.NaN;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Place<TInput>(float* row, float* smoothing, int length, float inverse, int zero, byte* rounded)
        where TInput : struct, IInput
    {
        var (scale, middle) = (Vector512.Create(inverse), Vector512.Create(zero));
        var i = 0;
        for (; i <= length - Lanes; i += Lanes)
        {
            Bytes(ToWhole(TInput.Load(row, smoothing, i) * scale) + middle).Store(rounded + i);
        }

        for (; i < length; i++)
        {
            rounded[i] = (byte)((int)MathF.Round(TInput.One(row, smoothing, i) * inverse) + zero);
        }
    }

    /// <summary>To the nearest whole numbers, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> ToWhole(Vector512<float> x) =>
        Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(x) : Vector512.ConvertToInt32Native(Vector512.Round(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Bytes(Vector512<int> codes)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector128Byte(codes);
        }

        var words = Vector512.Narrow(codes, codes).GetLower().AsUInt16();
        return Vector256.Narrow(words, words).GetLower();
    }

    private interface IInput
    {
        static abstract Vector512<float> Load(float* row, float* smoothing, int i);

        static abstract float One(float* row, float* smoothing, int i);
    }

    private readonly struct AsItIs : IInput
    {
        public static Vector512<float> Load(float* row, float* smoothing, int i) => Vector512.Load(row + i);

        public static float One(float* row, float* smoothing, int i) => row[i];
    }

    private readonly struct Smoothed : IInput
    {
        public static Vector512<float> Load(float* row, float* smoothing, int i) => Vector512.Load(row + i) * Vector512.Load(smoothing + i);

        public static float One(float* row, float* smoothing, int i) => row[i] * smoothing[i];
    }
}
