using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Tests.Steps;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void The_rate_rises_in_the_warm_up_and_then_falls_to_the_end()
    {
        // The schedule of golden/families' trajectories: 4 of 24 steps, by hand.
        var schedule = new LearningRateSchedule(steps: 24, warmupShare: 4.0 / 24);

        Assert.Equal([0.25, 0.5, 0.75, 1, 1, 0.95], Enumerable.Range(0, 6).Select(schedule.Factor));
        Assert.Equal(0.05, schedule.Factor(23));
    }

    [Fact]
    public void A_run_from_before_goes_on_with_the_schedule_of_transformers()
    {
        // transformers.get_linear_schedule_with_warmup(optimizer, num_warmup_steps=4, num_training_steps=20), by hand.
        var schedule = new LearningRateSchedule(steps: 20, warmupShare: 0.2, startsAtZero: true);

        Assert.Equal(0, schedule.Factor(0));
        Assert.Equal(0.75, schedule.Factor(3));
        Assert.Equal(1, schedule.Factor(4));
        Assert.Equal(0.5, schedule.Factor(12));
        Assert.Equal(1.0 / 16, schedule.Factor(19));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    public void No_step_has_rate_0(int steps)
    {
        foreach (var warmup in new[] { 0, 1e-9, 0.06, 0.5, 0.999, 1 })
        {
            var schedule = new LearningRateSchedule(steps, warmup);

            Assert.All(Enumerable.Range(0, steps), step => Assert.InRange(schedule.Factor(step), 1e-9, 1));
            Assert.Contains(Enumerable.Range(0, steps), step => schedule.Factor(step) == 1);
        }
    }
}
