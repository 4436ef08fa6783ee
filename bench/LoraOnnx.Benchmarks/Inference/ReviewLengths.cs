namespace LoraOnnx.Benchmarks.Inference;

/// <summary>Token counts of film reviews, [CLS] and [SEP] included and cut at 512: 64 quantiles of 800 of them, mean 293.</summary>
internal static class ReviewLengths
{
    private static readonly int[] _quantiles =
    [
        63, 76, 86, 99, 112, 123, 130, 144, 151, 157, 161, 166, 169, 171, 175, 178, 181, 188, 190, 193, 197, 199, 203, 207, 211, 215, 221, 227, 233,
        238, 248, 252, 257, 265, 271, 278, 286, 295, 304, 309, 320, 327, 339, 348, 371, 383, 402, 413, 435, 457, 476, 500, 512, 512, 512, 512, 512,
        512, 512, 512, 512, 512, 512, 512,
    ];

    /// <summary>Batches of random token ids whose lengths are the quantiles in random order.</summary>
    public static IEnumerable<int[][]> Batches(int batchSize, int vocabulary, int seed)
    {
        var random = new Random(seed);
        var lengths = (int[])_quantiles.Clone();
        random.Shuffle(lengths);
        return lengths.Select(length => Enumerable.Range(0, length).Select(_ => random.Next(vocabulary)).ToArray()).Chunk(batchSize);
    }
}
