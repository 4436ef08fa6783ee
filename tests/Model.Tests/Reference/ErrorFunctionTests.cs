using LoraOnnx.Model.Reference;

namespace LoraOnnx.Model.Tests.Reference;

public sealed class ErrorFunctionTests
{
    /// <summary>x and x·Φ(x), from tables of the normal distribution to ten digits.</summary>
    private static readonly (float X, double Gelu)[] _known =
        [(0, 0), (1, 0.8413447461), (-1, -0.1586552539), (0.5f, 0.3457312306), (-2, -0.0455002639), (3, 2.9959503059), (-6, -5.9195e-9), (40, 40),
            (-40, 0)];

    [Theory]
    [InlineData(9)] // less than a vector
    [InlineData(16)]
    [InlineData(37)]
    public void Gelu_is_x_times_the_normal_distribution_at_every_place(int length)
    {
        var values = Enumerable.Range(0, length).Select(i => _known[i % _known.Length].X).ToArray();

        ErrorFunction.Gelu(values);

        for (var i = 0; i < length; i++)
        {
            var (x, expected) = _known[i % _known.Length];
            Assert.True(Math.Abs(values[i] - expected) <= 2e-7 * Math.Max(1e-3, Math.Abs(expected)),
                $"gelu({x}) at {i} is {values[i]:G9}, expected {expected}");
        }
    }
}
