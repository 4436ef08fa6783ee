using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Tests.Statistics;

public sealed class SpeedRatioTests
{
    [Fact]
    public void Equal_models_have_the_same_speed_unless_their_turns_say_otherwise()
    {
        var first = Windows(30, 1, 0.2);

        var equal = SpeedRatio.Of(first, Windows(30, 1, 0.2, phase: 1), areEqualModels: true);
        var faster = SpeedRatio.Of(first, Windows(30, 0.5, 0.2), areEqualModels: true);

        Assert.True(equal.IsSame);
        Assert.InRange(1, equal.Interval!.Value.Low, equal.Interval.Value.High);
        Assert.False(faster.IsSame);
        Assert.Equal(2, faster.Ratio!.Value, 1e-9);
    }

    [Fact]
    public void A_few_windows_say_nothing_of_equal_models_and_give_other_models_a_ratio_without_an_interval()
    {
        var (first, second) = (Windows(3, 1, 0), Windows(3, 0.5, 0));

        Assert.Equal(new SpeedRatio(null, null, true), SpeedRatio.Of(first, second, areEqualModels: true));
        var other = SpeedRatio.Of(first, second, areEqualModels: false);
        Assert.Equal(2, other.Ratio!.Value, 1e-9);
        Assert.Null(other.Interval);
    }

    /// <summary>By Student's t with 8 degrees of freedom: mean ± 2.306 · s / 3.</summary>
    [Fact]
    public void The_interval_is_Students_over_the_logarithms_of_the_windows_after_the_first()
    {
        var first = Enumerable.Repeat(TimeSpan.FromSeconds(1), 10).ToList();
        double[] logarithms = [5, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1, 0];

        var speed = SpeedRatio.Of(first, [.. logarithms.Select(value => TimeSpan.FromSeconds(Math.Exp(-value)))], areEqualModels: false);

        var half = 2.3060 * 0.1 / 3; // s is 0.1: eight squares of 0.01 over eight
        Assert.Equal(-half, Math.Log(speed.Interval!.Value.Low), 1e-4);
        Assert.Equal(half, Math.Log(speed.Interval.Value.High), 1e-4);
    }

    private static List<TimeSpan> Windows(int count, double seconds, double swing, int phase = 0) =>
        [.. Enumerable.Range(0, count).Select(window => TimeSpan.FromSeconds(seconds * (1 + (swing * ((window + phase) % 2)))))];
}
