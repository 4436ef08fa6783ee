namespace LoraOnnx.Evaluation.Statistics;

/// <summary>
/// Draws resamples of n texts with replacement, as how often each text was drawn. Resample r depends on the seed and r alone, so that it is the same
/// whichever thread draws it.
/// </summary>
internal static class Resampling
{
    private const ulong GoldenRatio = 0x9E3779B97F4A7C15; // the increment of SplitMix64

    /// <summary>10,000, and more while texts are few and a resample costs next to nothing: then the ends of an interval are known to a few
    /// ten-thousandths.</summary>
    public static int DefaultCount(int texts) => texts <= 5_000 ? 40_000 : 10_000;

    /// <summary>
    /// Fills <paramref name="weights"/> (one a text; their sum is their number). A text that is drawn more than 255 times would wrap around, which
    /// takes at least 256 texts and then has a probability far below 10^-400.
    /// </summary>
    public static void Draw(ulong seed, int resample, Span<byte> weights)
    {
        weights.Clear();
        var texts = (ulong)weights.Length;
        var state = Mix(Mix(seed) + (ulong)resample);
        var draw = 0;
        for (; draw + 1 < weights.Length; draw += 2)
        {
            // Two indices from one number: each takes 32 bits, scaled to [0, texts); the bias is below texts / 2^32.
            var bits = Mix(state += GoldenRatio);
            weights[(int)(((bits & uint.MaxValue) * texts) >> 32)]++;
            weights[(int)(((bits >> 32) * texts) >> 32)]++;
        }

        if (draw < weights.Length)
        {
            weights[(int)(((Mix(state + GoldenRatio) >> 32) * texts) >> 32)]++;
        }
    }

    /// <summary>The finalizer of SplitMix64: every input bit changes every output bit with probability one half.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
