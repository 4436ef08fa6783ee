using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Tests.Sampling;

public sealed class SeededRandomTests
{
    /// <summary>Recorded once: a run from before streams were apart goes on with the same numbers.</summary>
    [Theory]
    [InlineData(42UL, -0.3744817f, -0.0009601143f)]
    [InlineData(ulong.MaxValue - 7, 0.16093862f, -0.008549476f)]
    public void A_folded_seed_gives_the_numbers_it_always_gave(ulong seed, float uniform, float normal)
    {
        Assert.Equal(uniform, SeededRandom.Folded(seed).Uniform(3, 0.5)[2]);
        Assert.Equal(normal, SeededRandom.Folded(seed).Normal(3, 0.02)[2], 1e-8f); // logarithm and cosine are the platform's
    }

    /// <summary>xoshiro256** over SHA-256 of seed and use, computed with Python's integers and hashlib.</summary>
    [Theory]
    [InlineData(42UL, RandomUse.Head, -0.280841053f)]
    [InlineData(ulong.MaxValue, RandomUse.Adapters, 0.849113226f)]
    public void A_seed_gives_the_numbers_of_the_generator(ulong seed, RandomUse use, float third) =>
        Assert.Equal(third, SeededRandom.Of(seed, use).Uniform(3, 1)[2]);

    [Fact]
    public void All_64_bits_of_a_seed_count()
    {
        // Folded to 32 bits, 1 and 4294967295 gave one adapter.
        ulong[] seeds = [0, 1, 2, 4294967295, 1UL << 32, 1 + (1UL << 33), ulong.MaxValue];

        Assert.Equal(seeds.Length, seeds.Select(seed => SeededRandom.Of(seed, RandomUse.Adapters).Uniform(1, 1)[0]).Distinct().Count());
    }

    [Fact]
    public void Each_use_has_numbers_of_its_own() =>
        Assert.NotEqual(SeededRandom.Of(42, RandomUse.Head).Normal(1, 1)[0], SeededRandom.Of(42, RandomUse.Adapters).Normal(1, 1)[0]);

    [Fact]
    public void Normal_numbers_have_the_deviation_asked_for()
    {
        var values = SeededRandom.Of(1, RandomUse.Head).Normal(100_000, 3); // standard error of the deviation 0.2 %, of the mean 0.01

        Assert.Equal(3, Math.Sqrt(values.Average(value => (double)value * value)), 0.03);
        Assert.Equal(0, values.Average(value => (double)value), 0.05);
    }
}
