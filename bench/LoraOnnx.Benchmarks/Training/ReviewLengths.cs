namespace LoraOnnx.Benchmarks.Training;

/// <summary>How long film reviews are: tokens with BERT's uncased vocabulary, specials included, cut at 512.</summary>
internal static class ReviewLengths
{
    /// <summary>Percentiles 0 to 100 over 3,000 reviews of the Large Movie Review Dataset (mean 278; 15 % are cut). Lengths only: the texts are not
    /// ours to give.</summary>
    private static readonly int[] _percentiles =
    [
        30, 58, 67, 73, 79, 88, 94, 103, 109, 117, 125, 134, 139, 143, 145, 148, 151, 153, 155, 157, 159, 161, 162, 164, 166, 168, 169, 172, 173, 175,
        178, 180, 182, 185, 187, 189, 192, 194, 197, 200, 202, 205, 207, 210, 214, 217, 220, 223, 226, 230, 234, 239, 243, 247, 252, 257, 263, 266,
        271, 275, 280, 287, 292, 298, 304, 311, 318, 328, 334, 342, 349, 357, 365, 372, 384, 394, 402, 412, 425, 436, 448, 457, 469, 479, 497, 512,
        512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512,
    ];

    /// <summary>Lengths in random order, with the distribution of the reviews.</summary>
    public static int[] Draw(int count, int seed)
    {
        // Evenly spaced percentiles, shuffled: the mean hardly depends on the seed.
        var lengths = new int[count];
        for (var i = 0; i < count; i++)
        {
            var place = (i + 0.5) / count * (_percentiles.Length - 1);
            var (lower, share) = ((int)place, place - (int)place);
            lengths[i] = (int)Math.Round(_percentiles[lower] + (share * (_percentiles[lower + 1] - _percentiles[lower])));
        }

        new Random(seed).Shuffle(lengths);
        return lengths;
    }
}
