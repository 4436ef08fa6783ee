using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Tests.Steps;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void The_rate_rises_in_the_warm_up_and_then_falls_to_the_end_as_in_transformers()
    {
        // transformers.get_linear_schedule_with_warmup(optimizer, num_warmup_steps=4, num_training_steps=20), by hand.
        var schedule = new LearningRateSchedule(steps: 20, warmupShare: 0.2);

        Assert.Equal(0, schedule.Factor(0));
        Assert.Equal(0.75, schedule.Factor(3));
        Assert.Equal(1, schedule.Factor(4));
        Assert.Equal(0.5, schedule.Factor(12));
        Assert.Equal(1.0 / 16, schedule.Factor(19));
    }

    [Fact]
    public void Without_warm_up_the_first_step_has_the_full_rate()
    {
        var schedule = new LearningRateSchedule(steps: 10, warmupShare: 0);

        Assert.Equal(1, schedule.Factor(0));
        Assert.Equal(0.1, schedule.Factor(9), 1e-15);
    }

    [Fact]
    public void A_part_of_a_warm_up_step_counts_as_a_whole_one()
    {
        Assert.Equal(0, new LearningRateSchedule(steps: 10, warmupShare: 0.01).Factor(0));
        Assert.Equal(1, new LearningRateSchedule(steps: 10, warmupShare: 0.01).Factor(1));
    }
}
