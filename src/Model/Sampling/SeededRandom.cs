using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LoraOnnx.Model.Sampling;

/// <summary>What random numbers are for: each use has a sequence of its own, so that none repeats the numbers of another.</summary>
public enum RandomUse
{
    /// <summary>A new classification head.</summary>
    Head = 1,

    /// <summary>New adapters.</summary>
    Adapters = 2,
}

/// <summary>Numbers decided by a seed and a stream alone. Uniform ones are the same on every machine; normal ones are made by the C library's log and
/// cos, which may round the last bit otherwise elsewhere.</summary>
public sealed class SeededRandom
{
    private readonly Func<double> _next;

    private SeededRandom(Func<double> next) => _next = next;

    /// <summary>The beginning of a stream's sequence (xoshiro256**); all 64 bits of the seed count.</summary>
    public static SeededRandom Of(ulong seed, RandomUse stream)
    {
        Span<byte> key = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(key, seed);
        BinaryPrimitives.WriteUInt64LittleEndian(key[sizeof(ulong)..], (ulong)stream);
        var hash = SHA256.HashData(key);
        var state = new ulong[4];
        for (var word = 0; word < state.Length; word++)
        {
            state[word] = BinaryPrimitives.ReadUInt64LittleEndian(hash.AsSpan(word * sizeof(ulong)));
        }

        return new SeededRandom(() => (Next(state) >> 11) * (1.0 / (1UL << 53)));
    }

    /// <summary>The sequence of runs that began before streams were apart: one for all uses, .NET's own from a seed folded to 32 bits.</summary>
    public static SeededRandom Folded(ulong seed) => new(new Random(unchecked((int)(seed ^ (seed >> 32)))).NextDouble);

    /// <summary>The next numbers, even between -<paramref name="bound"/> and <paramref name="bound"/>.</summary>
    public float[] Uniform(int count, double bound) => Draw(count, () => ((2 * _next()) - 1) * bound);

    /// <summary>The next numbers, N(0, <paramref name="deviation"/>²). Box and Muller: two uniform numbers give one normal one.</summary>
    public float[] Normal(int count, double deviation) =>
        Draw(count, () => deviation * Math.Sqrt(-2 * Math.Log(1 - _next())) * Math.Cos(2 * Math.PI * _next()));

    private static float[] Draw(int count, Func<double> next)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = (float)next();
        }

        return values;
    }

    /// <summary>xoshiro256** 1.0 by Blackman and Vigna.</summary>
    private static ulong Next(ulong[] state)
    {
        var result = ulong.RotateLeft(state[1] * 5, 7) * 9;
        var shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = ulong.RotateLeft(state[3], 45);
        return result;
    }
}
