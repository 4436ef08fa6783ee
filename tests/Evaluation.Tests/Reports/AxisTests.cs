using LoraOnnx.Reports.Plots;

namespace LoraOnnx.Evaluation.Tests.Reports;

public sealed class AxisTests
{
    [Theory]
    [InlineData(1, 95, new double[] { 20, 40, 60, 80 })]
    [InlineData(0, 0.0005, new[] { 0, 0.0001, 0.0002, 0.0003, 0.0004, 0.0005 })]
    [InlineData(88.4, 893.97, new double[] { 200, 400, 600, 800 })]
    [InlineData(-0.5, 0.5, new[] { -0.4, -0.2, 0, 0.2, 0.4 })]
    public void Its_numbers_are_round_and_inside(double low, double high, double[] expected)
    {
        var numbers = Axis.RoundNumbers(low, high);

        Assert.Equal(expected.Length, numbers.Count);
        Assert.All(expected.Zip(numbers), pair => Assert.Equal(pair.First, pair.Second, (high - low) * 1e-9));
    }

    [Fact]
    public void Equal_values_and_none_have_an_axis_too()
    {
        var (equal, none) = (Axis.Around("y", [3, 3]), Axis.Around("y", []));

        Assert.True(equal.Low < 3 && equal.High > 3 && none.Low < none.High);
    }
}
