using System.Numerics;

namespace LoraOnnx.Model.Sampling;

/// <summary><c>numpy.random.default_rng(seed).permutation(n)</c>, which is also the order of Hugging Face's <c>dataset.shuffle(seed)</c>.</summary>
public static class NumpyPermutation
{
    /// <summary>0 to <paramref name="count"/> - 1 in numpy's order, for any seed that is not negative.</summary>
    public static int[] Of(BigInteger seed, int count)
    {
        if (seed.Sign < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(seed), seed, "numpy has no negative seeds.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var generator = new Pcg64(NumpySeedSequence.Words(seed));
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            order[i] = i;
        }

        for (var last = count - 1; last > 0; last--)
        {
            var other = generator.UpTo((uint)last);
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }

    /// <summary>PCG XSL RR 128/64 (O'Neill), as numpy seeds it.</summary>
    private sealed class Pcg64
    {
        private static readonly UInt128 _multiplier = new(0x2360ED051FC65DA4, 0x4385DF649FCCF645);
        private readonly UInt128 _increment;
        private UInt128 _state;
        private uint? _upperHalf;

        public Pcg64(ulong[] words)
        {
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
    }
}
