using LoraOnnx.Training.Loop;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Tests;

public sealed class TrainingPhaseTests
{
    private static readonly TrainingPhase _phase =
        new(new AdapterPhase(3, 2, 1), new StepPlan(Enumerable.Repeat(10, 25), new BatchSize(10, null), 1, seed: 1),
            Effective.Of(new TrainingOptions()));

    [Fact]
    public void Steps_of_all_epochs_come_one_after_another()
    {
        Assert.Equal(9, _phase.Steps);
        Assert.Equal(3 * 25, _phase.StepsFrom(0).Sum(step => step.Sum(part => part.Length)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(9)]
    public void Going_on_from_a_step_gives_the_steps_that_were_left(int done) => Assert.Equal(_phase.StepsFrom(0).Skip(done), _phase.StepsFrom(done));

    [Fact]
    public void Epochs_are_counted_with_a_fraction()
    {
        Assert.Equal(0, _phase.EpochsAt(0));
        Assert.Equal(1 + (1.0 / 3), _phase.EpochsAt(4), 1e-12);
        Assert.Equal(3, _phase.EpochsAt(9));
    }
}
