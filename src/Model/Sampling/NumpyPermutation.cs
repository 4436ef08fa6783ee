using System.Numerics;

namespace LoraOnnx.Model.Sampling;

/// <summary><c>numpy.random.default_rng(seed).permutation(n)</c>, which is also the order of Hugging Face's <c>dataset.shuffle(seed)</c>.</summary>
public static class NumpyPermutation
{
    /// <summary>0 to <paramref name="count"/> - 1 in numpy's order.</summary>
    public static int[] Of(int seed, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var generator = new Pcg64((uint)seed);
        var order = Enumerable.Range(0, count).ToArray();
        for (var last = count - 1; last > 0; last--)
        {
            var other = generator.UpTo((uint)last);
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }

    /// <summary>PCG XSL RR 128/64 (O'Neill), seeded as numpy's SeedSequence does.</summary>
    private sealed class Pcg64
    {
        private static readonly UInt128 _multiplier = new(0x2360ED051FC65DA4, 0x4385DF649FCCF645);
        private readonly UInt128 _increment;
        private UInt128 _state;
        private uint? _upperHalf;

        public Pcg64(uint seed)
        {
            var words = SeedSequence(seed);
            _increment = (new UInt128(words[2], words[3]) << 1) | 1;
            Advance();
            _state += new UInt128(words[0], words[1]);
            Advance();
        }

        /// <summary>A number from 0 to <paramref name="largest"/>: bits under a mask, drawn again until they are in range.</summary>
        public int UpTo(uint largest)
        {
            var mask = uint.MaxValue >> BitOperations.LeadingZeroCount(largest);
            uint value;
            do
            {
                value = Next32() & mask;
            }
            while (value > largest);

            return (int)value;
        }

        /// <summary>A 64-bit draw gives two numbers, its lower half first.</summary>
        private uint Next32()
        {
            if (_upperHalf is { } kept)
            {
                _upperHalf = null;
                return kept;
            }

            Advance();
            var (upper, lower) = ((ulong)(_state >> 64), (ulong)_state);
            var drawn = BitOperations.RotateRight(upper ^ lower, (int)(upper >> 58));
            _upperHalf = (uint)(drawn >> 32);
            return (uint)drawn;
        }

        private void Advance() => _state = unchecked((_state * _multiplier) + _increment);

        /// <summary>Four 64-bit words from a seed: numpy.random.SeedSequence(seed).generate_state(4, uint64), whose constants these are.</summary>
        private static ulong[] SeedSequence(uint seed)
        {
            const int PoolSize = 4;
            var pool = new uint[PoolSize];
            var hash = 0x43B0D7E5u;
            uint Hash(uint value, uint multiplier)
            {
                value ^= hash;
                hash = unchecked(hash * multiplier);
                value = unchecked(value * hash);
                return value ^ (value >> 16);
            }

            for (var i = 0; i < PoolSize; i++)
            {
                pool[i] = Hash(i == 0 ? seed : 0, 0x931E8875);
            }

            for (var source = 0; source < PoolSize; source++)
            {
                for (var target = 0; target < PoolSize; target++)
                {
                    if (source != target)
                    {
                        var mixed = unchecked((0xCA01F9DDu * pool[target]) - (0x4973F715u * Hash(pool[source], 0x931E8875)));
                        pool[target] = mixed ^ (mixed >> 16);
                    }
                }
            }

            hash = 0x8B51F9DD;
            var words = new ulong[4];
            for (var i = 0; i < 2 * words.Length; i++)
            {
                words[i / 2] |= (ulong)Hash(pool[i % PoolSize], 0x58F38DED) << (32 * (i % 2));
            }

            return words;
        }
    }
}
