using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Tests;

/// <summary>The same steps in double.</summary>
internal static class Exact
{
    public static double[] Linear(ReadOnlySpan<double> x, int rows, LinearTensors linear, LinearActivation activation = LinearActivation.None)
    {
        ReadOnlySpan<float> weight = linear.Weight.Span, bias = linear.Bias.Span;
        var (inputs, outputs) = (weight.Length / bias.Length, bias.Length);
        var result = new double[rows * outputs];
        for (var row = 0; row < rows; row++)
        {
            for (var output = 0; output < outputs; output++)
            {
                double sum = bias[output];
                for (var k = 0; k < inputs; k++)
                {
                    sum += x[(row * inputs) + k] * weight[(output * inputs) + k];
                }

                result[(row * outputs) + output] = Activate(activation, sum);
            }
        }

        return result;
    }

    public static double Activate(LinearActivation activation, double x) => activation switch
    {
        LinearActivation.Gelu => Gelu(x),
        LinearActivation.GeluTanh => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        LinearActivation.Relu => Math.Max(x, 0),
        _ => x,
    };

    public static double Gelu(double x) => x / 2 * (1 + Erf(x / Math.Sqrt(2)));

    public static double[] Norm(ReadOnlySpan<double> x, ReadOnlySpan<double> residual, NormTensors norm)
    {
        ReadOnlySpan<float> weight = norm.Weight.Span, bias = norm.Bias.Span;
        var width = weight.Length;
        var result = new double[x.Length];
        for (var first = 0; first < x.Length; first += width)
        {
            var row = new double[width];
            for (var i = 0; i < width; i++)
            {
                row[i] = x[first + i] + residual[first + i];
            }

            var mean = row.Average();
            var deviation = Math.Sqrt(row.Average(value => (value - mean) * (value - mean)) + norm.Epsilon);
            for (var i = 0; i < width; i++)
            {
                result[first + i] = ((row[i] - mean) / deviation * weight[i]) + bias[i];
            }
        }

        return result;
    }

    public static double[] Doubles(ReadOnlySpan<float> values)
    {
        var doubles = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            doubles[i] = values[i];
        }

        return doubles;
    }

    public static float Bf16(float value) => BitConverter.UInt32BitsToSingle((uint)Products.Bf16.Of(value) << 16);

    /// <summary>Taylor's series near 0, the continued fraction of erfc (Lentz) beyond 2.</summary>
    private static double Erf(double x)
    {
        var size = Math.Abs(x);
        if (size < 2)
        {
            double term = x, sum = x;
            for (var n = 1; n < 60; n++)
            {
                term *= -x * x / n;
                sum += term / ((2 * n) + 1);
            }

            return sum * 2 / Math.Sqrt(Math.PI);
        }

        var fraction = 0.0;
        for (var n = 120; n > 0; n--)
        {
            fraction = n / 2.0 / (size + fraction);
        }

        return Math.Sign(x) * (1 - (Math.Exp(-size * size) / Math.Sqrt(Math.PI) / (size + fraction)));
    }
}
