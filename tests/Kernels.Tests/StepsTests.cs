using System.Runtime.Intrinsics;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Tests;

public sealed class StepsTests
{
    [Fact]
    public void Exponential_is_within_two_units_of_the_last_place()
    {
        for (var x = -87f; x <= 0; x += 0.0137f)
        {
            var expected = Math.Exp(x);

            Assert.InRange(Exponential.Of(Vector512.Create(x))[0], expected * (1 - 2.4e-7), expected * (1 + 2.4e-7));
        }
    }

    [Fact]
    public void Exponential_of_minus_infinity_adds_nothing_to_a_sum() =>
        Assert.InRange(Exponential.Of(Vector512.Create(float.NegativeInfinity))[0], 0, 2e-38f);

    [Fact]
    public void Gelu_is_the_exact_form()
    {
        for (var x = -12f; x <= 12; x += 0.00137f)
        {
            var expected = Exact.Gelu(x);

            var error = Math.Abs(Gelu.Of(Vector512.Create(x))[0] - expected);

            Assert.True(error <= 1.5e-7 * Math.Max(1, Math.Abs(x)), $"GELU({x}) is off by {error:G3}.");
        }
    }

    [Theory]
    [InlineData(1f, 0x3f80)]
    [InlineData(1.00390625f, 0x3f80)] // half a unit above 1: to even
    [InlineData(1.01171875f, 0x3f82)] // half a unit above the next: to even
    [InlineData(1.005f, 0x3f81)]
    [InlineData(-3.4028235e38f, 0xff80)] // the largest fp32 is beyond bf16's largest
    [InlineData(float.NaN, 0xffc0)]
    public void Numbers_become_the_nearest_bf16(float value, int expected)
    {
        Assert.Equal(expected, Bf16.Of(value));
        Assert.Equal(Vector256.Create((ushort)expected), Bf16.Narrow(Vector512.Create(value)));
    }

    [Fact]
    public void A_NaN_whose_payload_is_all_ones_stays_NaN()
    {
        var value = BitConverter.UInt32BitsToSingle(0x7fffffff);

        Assert.True(float.IsNaN(Exact.Bf16(value)));
        Assert.Equal(Bf16.Of(value), Bf16.Narrow(Vector512.Create(value))[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(37)]
    [InlineData(768)]
    public unsafe void Norm_of_a_sum_is_that_of_double(int width)
    {
        var draw = new Draw(width);
        var (x, y) = (draw.Numbers(width, 3), draw.Numbers(width));
        var norm = new NormTensors(draw.Numbers(width), draw.Numbers(width), 1e-12);
        var expected = Exact.Norm(Exact.Doubles(x), Exact.Doubles(y), norm);
        using GuardedMemory row = new(x), residual = new(y);

        new LayerNorm(norm.Weight.Span, norm.Bias.Span, norm.Epsilon).Apply(row.Floats, residual.Floats);

        for (var i = 0; i < width; i++)
        {
            Assert.Equal(expected[i], row.Floats[i], 2e-4);
        }
    }
}
