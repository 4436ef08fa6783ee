using System.Numerics;

namespace LoraOnnx.Model.Sampling;

/// <summary><c>numpy.random.SeedSequence(seed)</c>, O'Neill's seed_seq: spreads a seed of any size over the state of a generator. The constants are
/// its own.</summary>
internal static class NumpySeedSequence
{
    private const int PoolSize = 4;

    /// <summary><c>generate_state(4, uint64)</c>.</summary>
    public static ulong[] Words(BigInteger seed)
    {
        var pool = Pool(seed);
        var hash = new Hash(0x8B51F9DD, 0x58F38DED);
        var words = new ulong[4];
        for (var i = 0; i < 2 * words.Length; i++)
        {
            words[i / 2] |= (ulong)hash.Of(pool[i % PoolSize]) << (32 * (i % 2));
        }

        return words;
    }

    /// <summary>Mixes the seed's 32-bit words, the lowest first: four fill the pool, each further one is mixed into all of it.</summary>
    private static uint[] Pool(BigInteger seed)
    {
        var entropy = Split(seed);
        var hash = new Hash(0x43B0D7E5, 0x931E8875);
        var pool = new uint[PoolSize];
        for (var i = 0; i < PoolSize; i++)
        {
            pool[i] = hash.Of(i < entropy.Count ? entropy[i] : 0);
        }

        for (var source = 0; source < PoolSize; source++)
        {
            for (var target = 0; target < PoolSize; target++)
            {
                if (source != target)
                {
                    pool[target] = Mix(pool[target], hash.Of(pool[source]));
                }
            }
        }

        foreach (var word in entropy.Skip(PoolSize))
        {
            for (var target = 0; target < PoolSize; target++)
            {
                pool[target] = Mix(pool[target], hash.Of(word));
            }
        }

        return pool;
    }

    private static List<uint> Split(BigInteger seed)
    {
        var words = new List<uint>();
        for (var rest = seed; !rest.IsZero; rest >>= 32)
        {
            words.Add((uint)(rest & uint.MaxValue));
        }

        return words;
    }

    private static uint Mix(uint x, uint y)
    {
        var mixed = unchecked((0xCA01F9DDu * x) - (0x4973F715u * y));
        return mixed ^ (mixed >> 16);
    }

    /// <summary>A multiplicative hash whose constant moves on with each word.</summary>
    private sealed class Hash(uint constant, uint multiplier)
    {
        private uint _constant = constant;

        public uint Of(uint word)
        {
            word ^= _constant;
            _constant = unchecked(_constant * multiplier);
            word = unchecked(word * _constant);
            return word ^ (word >> 16);
        }
    }
}
