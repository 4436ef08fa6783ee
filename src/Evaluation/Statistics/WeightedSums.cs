using System.Runtime.Intrinsics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>Sums over texts that count a whole number of times. The order of additions is fixed, so results have the same bits on every
/// machine.</summary>
internal static class WeightedSums
{
    /// <summary>Σ weight.</summary>
    public static long Sum(ReadOnlySpan<byte> weights)
    {
        var sums = Vector256<ushort>.Zero;
        long total = 0;
        var i = 0;
        while (i + Vector256<byte>.Count <= weights.Length)
        {
            // 128 rounds of two bytes of at most 255 stay below 65,536.
            var stop = Math.Min(weights.Length - Vector256<byte>.Count, i + (127 * Vector256<byte>.Count));
            for (; i <= stop; i += Vector256<byte>.Count)
            {
                var (low, high) = Vector256.Widen(Vector256.Create(weights.Slice(i, Vector256<byte>.Count)));
                sums += low + high;
            }

            var (lowSums, highSums) = Vector256.Widen(sums);
            total += Vector256.Sum(lowSums + highSums);
            sums = Vector256<ushort>.Zero;
        }

        for (; i < weights.Length; i++)
        {
            total += weights[i];
        }

        return total;
    }

    /// <summary>Σ weight · value, in 16 single-precision lanes added up in double.</summary>
    public static double Dot(ReadOnlySpan<byte> weights, ReadOnlySpan<float> values)
    {
        var (first, second) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var i = 0;
        for (; i + 16 <= weights.Length; i += 16)
        {
            var (low, high) = Vector256.Widen(
                Vector128.WidenLower(Vector128.Create(weights.Slice(i, 16)))
                    .ToVector256(Vector128.WidenUpper(Vector128.Create(weights.Slice(i, 16)))));
            first += Vector256.ConvertToSingle(low.AsInt32()) * Vector256.Create(values.Slice(i, 8));
            second += Vector256.ConvertToSingle(high.AsInt32()) * Vector256.Create(values.Slice(i + 8, 8));
        }

        var sum = 0.0;
        for (var lane = 0; lane < 8; lane++)
        {
            sum += (double)first[lane] + second[lane];
        }

        for (; i < weights.Length; i++)
        {
            sum += weights[i] * (double)values[i];
        }

        return sum;
    }

    /// <summary>Copies weights into another order.</summary>
    public static void Gather(ReadOnlySpan<byte> weights, ReadOnlySpan<int> order, Span<byte> gathered)
    {
        for (var i = 0; i < order.Length; i++)
        {
            gathered[i] = weights[order[i]];
        }
    }

    private static Vector256<ushort> ToVector256(this Vector128<ushort> lower, Vector128<ushort> upper) => Vector256.Create(lower, upper);
}
