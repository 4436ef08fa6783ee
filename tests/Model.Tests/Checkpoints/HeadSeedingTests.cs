using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Tests.Checkpoints;

public sealed class HeadSeedingTests
{
    private static readonly ModelConfig _demo = ModelConfig.Load(Golden.DemoModel);

    [Fact]
    public void New_head_has_normal_weights_of_the_configured_deviation_and_zero_biases()
    {
        var head = HeadSeeding.Create(_demo, SeededRandom.Of(42, RandomUse.Head));

        var weights = head[0].Values; // 384 x 384: the standard error of the deviation is 0.2 %, that of the mean 0.26 % of it
        var mean = weights.Average(value => (double)value);
        var deviation = Math.Sqrt(weights.Average(value => (value - mean) * (value - mean)));
        Assert.Equal(["pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias"], head.Select(tensor => tensor.Name));
        Assert.InRange(mean, -0.0002, 0.0002);
        Assert.InRange(deviation, 0.0198, 0.0202);
        Assert.All(head[1].Values.Concat(head[3].Values), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Same_seed_gives_the_same_head_and_another_seed_another()
    {
        Assert.Equal(HeadSeeding.Create(_demo, SeededRandom.Of(1, RandomUse.Head))[0].Values,
            HeadSeeding.Create(_demo, SeededRandom.Of(1, RandomUse.Head))[0].Values);
        Assert.NotEqual(HeadSeeding.Create(_demo, SeededRandom.Of(1, RandomUse.Head))[2].Values,
            HeadSeeding.Create(_demo, SeededRandom.Of(2, RandomUse.Head))[2].Values);
    }
}
