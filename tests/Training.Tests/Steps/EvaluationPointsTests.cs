using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Tests.Steps;

public sealed class EvaluationPointsTests
{
    [Fact]
    public void Evaluations_are_spread_evenly_and_the_last_is_at_the_end()
    {
        Assert.Equal([5, 10, 15, 20], EvaluationPoints.Of(steps: 20, epochs: 2, perEpoch: 2));
        Assert.Equal([4, 7, 10], EvaluationPoints.Of(steps: 10, epochs: 3, perEpoch: 1));
    }

    [Fact]
    public void The_published_experiment_has_ten_evaluations_in_fifteen_epochs() =>
        Assert.Equal(10, EvaluationPoints.Of(steps: 15 * 313, epochs: 15, perEpoch: 10.0 / 15).Count);

    [Fact]
    public void There_is_one_at_the_end_whatever_is_asked()
    {
        Assert.Equal([7], EvaluationPoints.Of(steps: 7, epochs: 1, perEpoch: 0));
        Assert.Equal([1, 2, 3], EvaluationPoints.Of(steps: 3, epochs: 1, perEpoch: 50));
    }
}
