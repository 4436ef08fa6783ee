using LoraOnnx.Training.Report;

namespace LoraOnnx.Training.Tests.Report;

public sealed class SvgChartTests
{
    [Theory]
    [InlineData(1, 95, new double[] { 20, 40, 60, 80 })]
    [InlineData(0, 0.0005, new[] { 0, 0.0001, 0.0002, 0.0003, 0.0004, 0.0005 })]
    [InlineData(88.4, 893.97, new double[] { 200, 400, 600, 800 })]
    [InlineData(-0.5, 0.5, new[] { -0.4, -0.2, 0, 0.2, 0.4 })]
    public void Ticks_are_round_numbers_inside_the_axis(double low, double high, double[] expected)
    {
        var ticks = SvgChart.Ticks(low, high);

        Assert.Equal(expected.Length, ticks.Count);
        Assert.All(expected.Zip(ticks), pair => Assert.Equal(pair.First, pair.Second, (high - low) * 1e-9));
    }
}
