namespace LoraOnnx.Training.Steps;

/// <summary>Orders that depend on a seed and nothing else: not on the machine, nor on the version of .NET.</summary>
internal static class Shuffle
{
    /// <summary>0 to <paramref name="count"/> - 1 in an order that <paramref name="seed"/> decides (Fisher and Yates over SplitMix64).</summary>
    public static int[] Permutation(ulong seed, int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        var state = seed;
        for (var last = count - 1; last > 0; last--)
        {
            // The high half of a 64 x 64 bit product maps 64 random bits onto 0..last; the bias is below 2^-32.
            var other = (int)Math.BigMul(Next(ref state), (ulong)last + 1, out _);
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }

    private static ulong Next(ref ulong state)
    {
        var mixed = state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
