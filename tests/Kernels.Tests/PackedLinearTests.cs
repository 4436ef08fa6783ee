using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Tests;

public sealed unsafe class PackedLinearTests
{
    private static readonly PoolWorkers _one = new(1);

    public static TheoryData<string> Precisions => KernelChoice.All;

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Products_are_those_of_double_for_any_shape_and_stay_inside_their_memory(string precision)
    {
        var draw = new Draw(11);
        for (var round = 0; round < 60; round++)
        {
            var (rows, inputs, outputs) = (draw.Between(1, 110), draw.Between(1, 150), draw.Between(1, 200));
            var linear = draw.Linear(outputs, inputs);
            var activation = (LinearActivation)draw.Between(0, 3);
            var x = draw.Numbers(rows * inputs);
            using GuardedMemory input = new(x, atStart: round % 2 == 0), result = new(rows * outputs * sizeof(float), atStart: round % 2 == 0);

            new PackedLinear(KernelChoice.Weights(precision, linear), activation).Run(input.Floats, rows, result.Floats, _one);

            var (expected, tolerance) = Expected(precision, x, rows, linear, activation);
            for (var i = 0; i < expected.Length; i++)
            {
                var error = Math.Abs(result.Floats[i] - expected[i]);
                Assert.True(error <= tolerance, $"{rows}x{inputs}x{outputs} {activation}: {result.Floats[i]}, not {expected[i]} ± {tolerance:G2}.");
            }
        }
    }

    [Fact]
    public void Codes_are_multiplied_as_they_are_after_an_activation_with_smoothed_inputs()
    {
        var draw = new Draw(16);
        for (var round = 0; round < 20; round++)
        {
            var (rows, inputs, outputs) = (draw.Between(1, 60), draw.Between(1, 150), draw.Between(1, 130));
            float[] x = [.. draw.Numbers(rows * inputs).Select(value => (float)Exact.Gelu(value))];
            float[] smoothing = [.. Enumerable.Range(0, inputs).Select(_ => draw.Between(1, 8) / 8f)];
            sbyte[] codes = [.. Enumerable.Range(0, outputs * inputs).Select(_ => (sbyte)draw.Between(-127, 127))];
            float[] factors = [.. Enumerable.Range(0, outputs).Select(_ => draw.Between(1, 9) / 128f)];
            var bias = draw.Numbers(outputs);
            var linear = new CodedTensors(codes, factors, bias, smoothing, ReadsActivation: true);
            var result = new float[rows * outputs];
            fixed (float* from = x, to = result)
            {
                new PackedLinear(KernelChoice.Weights(linear), LinearActivation.None).Run(from, rows, to, _one);
            }

            for (var i = 0; i < result.Length; i++)
            {
                var (row, output) = Math.DivRem(i, outputs);
                var smooth = x.AsSpan(row * inputs, inputs).ToArray().Select((value, k) => value * smoothing[k]).ToArray();
                var factor = MathF.Max(smooth.Max(Math.Abs) / 223, 0.17f / 32);
                var sum = smooth.Select((value, k) => (double)MathF.Round(value * (1 / factor)) * codes[(output * inputs) + k]).Sum();
                var expected = (sum * factor * factors[output]) + bias[output];
                Assert.Equal(expected, result[i], 2e-6 * (Math.Abs(expected) + Math.Abs(bias[output]) + 1));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Rounding_moves_a_result_by_little(string precision)
    {
        var draw = new Draw(12);
        var linear = draw.Linear(256, 768);
        var x = draw.Numbers(50 * 768);
        var result = Run(precision, linear, x, 50, _one);

        var exact = Exact.Linear(Exact.Doubles(x), 50, linear);
        var size = exact.Average(Math.Abs);
        var error = result.Zip(exact).Average(pair => Math.Abs(pair.First - pair.Second)) / size;

        var (least, most) = precision switch { "fp32" => (0, 1e-6), "bf16" => (1e-4, 0.004), _ => (1e-4, 0.09) };
        Assert.InRange(error, least, most); // int8's outliers of 20 leave the others 6 codes
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_row_has_the_same_bits_alone_and_among_others_with_one_thread_or_two(string precision)
    {
        var draw = new Draw(13);
        var linear = draw.Linear(130, 101);
        var x = draw.Numbers(217 * 101);
        var all = Run(precision, linear, x, 217, _one);

        Assert.Equal(all, Run(precision, linear, x, 217, new PoolWorkers(2)));
        foreach (var row in (int[])[0, 1, 5, 47, 48, 100, 216])
        {
            Assert.Equal(all[(row * 130)..((row + 1) * 130)], Run(precision, linear, x[(row * 101)..((row + 1) * 101)], 1, _one));
        }
    }

    /// <summary>Results of more than 4 MiB go past the caches where their rows lie on 64-byte boundaries; such a store elsewhere would be a
    /// fault.</summary>
    [Theory]
    [InlineData(144, 0)]
    [InlineData(144, 4)]
    [InlineData(130, 0)]
    public void Large_results_have_the_bits_of_small_ones_wherever_they_lie(int outputs, int offset)
    {
        const int Inputs = 9, Rows = 9000, Few = 90;
        var draw = new Draw(15);
        var linear = new PackedLinear(KernelChoice.Weights("int8", draw.Linear(outputs, Inputs)), LinearActivation.Gelu);
        var x = draw.Numbers(Rows * Inputs);
        var buffer = new AlignedBuffer(((long)Rows * outputs * sizeof(float)) + offset);
        var few = new float[Few * outputs];
        fixed (float* from = x, small = few)
        {
            var large = (float*)(buffer.Address + offset);
            linear.Run(from, Rows, large, new PoolWorkers(2));
            for (var row = 0; row < Rows; row += Few)
            {
                linear.Run(from + (row * Inputs), Few, small, _one);
                Assert.Equal(few, new Span<float>(large + (row * outputs), few.Length));
            }
        }

        GC.KeepAlive(buffer);
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_row_that_is_not_a_number_spoils_no_other(string precision)
    {
        var draw = new Draw(14);
        var linear = draw.Linear(70, 33);
        var x = draw.Numbers(8 * 33);
        var clean = Run(precision, linear, x, 8, _one);
        x[(3 * 33) + 5] = float.NaN;

        var result = Run(precision, linear, x, 8, _one);

        Assert.All(result[(3 * 70)..(4 * 70)], value => Assert.True(float.IsNaN(value)));
        Assert.Equal(clean[..(3 * 70)], result[..(3 * 70)]);
        Assert.Equal(clean[(4 * 70)..], result[(4 * 70)..]);
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void A_row_of_zeros_gives_the_bias(string precision)
    {
        var linear = new Draw(15).Linear(65, 31);

        Assert.Equal(linear.Bias.ToArray(), Run(precision, linear, new float[31], 1, _one));
    }

    private static float[] Run(string precision, LinearTensors linear, float[] x, int rows, IWorkers workers)
    {
        var result = new float[rows * linear.Bias.Length];
        fixed (float* from = x, to = result)
        {
            new PackedLinear(KernelChoice.Weights(precision, linear), LinearActivation.None).Run(from, rows, to, workers);
        }

        return result;
    }

    /// <summary>The product in double of the same rounded numbers, and how far fp32 sums may be from it.</summary>
    private static (double[] Result, double Tolerance) Expected(
        string precision, float[] x, int rows, LinearTensors linear, LinearActivation activation)
    {
        var inputs = x.Length / rows;
        var rounded = new double[x.Length];
        for (var row = 0; row < rows; row++)
        {
            var values = x.AsSpan(row * inputs, inputs);
            for (var k = 0; k < inputs; k++)
            {
                var factor = Largest(values) / 127;
                rounded[(row * inputs) + k] = precision switch
                {
                    "fp32" => values[k],
                    "bf16" => Exact.Bf16(values[k]),
                    _ => MathF.Round(values[k] * (1 / factor)) * factor,
                };
            }
        }

        var weights = linear.Weight.ToArray();
        for (var output = 0; output < linear.Bias.Length; output++)
        {
            var row = weights.AsSpan(output * inputs, inputs);
            var factor = Largest(row) / 127;
            for (var k = 0; k < inputs; k++)
            {
                row[k] = precision switch
                {
                    "fp32" => row[k],
                    "bf16" => Exact.Bf16(row[k]),
                    _ => MathF.Round(row[k] / factor) * factor,
                };
            }
        }

        var tolerance = 2e-5 * inputs * Largest(x) * Largest(weights);
        return (Exact.Linear(rounded, rows, linear with { Weight = weights }, activation), tolerance);
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        return largest;
    }
}
