using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Tests.Sampling;

public sealed class SeededRandomTests
{
    /// <summary>Recorded once: a run that is started again from its seed begins with the same numbers.</summary>
    [Theory]
    [InlineData(42UL, -0.3744817f, -0.0009601143f)]
    [InlineData(ulong.MaxValue - 7, 0.16093862f, -0.008549476f)]
    public void A_seed_gives_the_numbers_it_always_gave(ulong seed, float uniform, float normal)
    {
        Assert.Equal(uniform, new SeededRandom(seed).Uniform(3, 0.5)[2]);
        Assert.Equal(normal, new SeededRandom(seed).Normal(3, 0.02)[2], 1e-8f); // logarithm and cosine are the platform's
    }

    [Fact]
    public void Both_halves_of_a_seed_count() => Assert.NotEqual(new SeededRandom(1).Uniform(4, 1), new SeededRandom(1 + (1UL << 33)).Uniform(4, 1));
}
