using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Training.Learning;

/// <summary>
/// Random bits that are a function of a key and a position: 32 decisions in a dozen vector instructions, where libtorch's generator takes 7 ns for
/// each. The same on every processor.
/// </summary>
internal static class CounterNoise
{
    private const int Lanes = 32; // 16-bit numbers in a vector
    private const ushort OneInBf16 = 0x3F80; // the upper half of 1f

    /// <summary>Fills with bf16 numbers: 0 with the given probability (in steps of 1/65536), else 1.</summary>
    public static void FillBf16(Span<ushort> numbers, double dropProbability, ulong key)
    {
        var threshold = Threshold(dropProbability);
        key = Spread(key);
        var whole = numbers.Length / Lanes * Lanes;
        ref var first = ref MemoryMarshal.GetReference(numbers);
        for (var i = 0; i < whole; i += Lanes)
        {
            Decide(i, threshold, key).StoreUnsafe(ref first, (nuint)i);
        }

        Span<ushort> last = stackalloc ushort[Lanes];
        Decide(whole, threshold, key).CopyTo(last);
        last[..(numbers.Length - whole)].CopyTo(numbers[whole..]);
    }

    /// <summary>The same decisions as fp32 numbers.</summary>
    public static void FillFp32(Span<uint> numbers, double dropProbability, ulong key)
    {
        var threshold = Threshold(dropProbability);
        key = Spread(key);
        var whole = numbers.Length / Lanes * Lanes;
        ref var first = ref MemoryMarshal.GetReference(numbers);
        Span<ushort> decisions = stackalloc ushort[Lanes];
        for (var i = 0; i < whole; i += Lanes)
        {
            var (lower, upper) = Vector512.Widen(Decide(i, threshold, key));
            (lower << 16).StoreUnsafe(ref first, (nuint)i);
            (upper << 16).StoreUnsafe(ref first, (nuint)(i + (Lanes / 2)));
        }

        Decide(whole, threshold, key).CopyTo(decisions);
        for (var i = whole; i < numbers.Length; i++)
        {
            numbers[i] = (uint)decisions[i - whole] << 16;
        }
    }

    private static Vector512<ushort> Threshold(double dropProbability) =>
        Vector512.Create((ushort)Math.Clamp(Math.Round(dropProbability * 65536), 0, 65535));

    /// <summary>splitmix64's finalizer: keys that differ in one bit become unlike in all.</summary>
    private static ulong Spread(ulong key)
    {
        unchecked
        {
            key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9;
            key = (key ^ (key >> 27)) * 0x94D049BB133111EB;
            return key ^ (key >> 31);
        }
    }

    /// <summary>bf16 0 or 1 for the 32 positions from <paramref name="start"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Decide(int start, Vector512<ushort> threshold, ulong key)
    {
        // murmur3's finalizer over a counter, with the other half of the key in the middle.
        var bits = Vector512.Create((uint)(start / 2)) + Vector512<uint>.Indices;
        bits = (bits * Vector512.Create(0x9E3779B9u)) + Vector512.Create((uint)key);
        bits ^= bits >>> 16;
        bits = (bits * Vector512.Create(0x85EBCA6Bu)) ^ Vector512.Create((uint)(key >> 32));
        bits ^= bits >>> 13;
        bits *= Vector512.Create(0xC2B2AE35u);
        bits ^= bits >>> 16;
        return Vector512.GreaterThanOrEqual(bits.AsUInt16(), threshold) & Vector512.Create(OneInBf16);
    }
}
