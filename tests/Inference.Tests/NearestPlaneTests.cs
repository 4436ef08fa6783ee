using LoraOnnx.Graph.Rounding;

namespace LoraOnnx.Inference.Tests;

/// <summary>Rounding that moves products least.</summary>
public sealed class NearestPlaneTests
{
    private const int Inputs = 96;
    private const int Outputs = 40;
    private const int Tokens = 400;

    private readonly Random _random = new(5);

    [Theory]
    [InlineData(Inputs, false)]
    [InlineData(Inputs, true)]
    [InlineData(64, false)]
    public void Products_with_the_inputs_it_was_fitted_to_move_less_than_by_the_nearest_codes(int shared, bool smooths)
    {
        var (x, weights) = (CorrelatedInputs(), Numbers(Outputs * Inputs));
        var smoothing = smooths ? Numbers(Inputs).Select(number => 0.3f + MathF.Abs(number)).ToArray() : null;
        var smoothed = Times(x, smoothing);

        var fitted = new NearestPlane(Moments(x), smoothing).Fit(weights, shared);

        Assert.InRange(Error(smoothed, weights, fitted), 0, 0.6 * Error(smoothed, weights, Nearest(weights, shared)));
        Assert.Equal(Nearest(fitted, shared), fitted, (a, b) => MathF.Abs(a - b) < 1e-6f); // whole steps
        for (var start = 0; start < weights.Length; start += Inputs)
        {
            for (var group = 0; group < Inputs; group += shared)
            {
                var length = Math.Min(shared, Inputs - group);
                Assert.Equal(Largest(weights, start + group, length), Largest(fitted, start + group, length), 1e-6f); // the steps are as large
            }
        }
    }

    [Fact]
    public void Inputs_that_do_not_go_together_get_the_nearest_codes()
    {
        var moments = new float[Inputs * Inputs];
        for (var i = 0; i < Inputs; i++)
        {
            moments[i * (Inputs + 1)] = i; // one is never used
        }

        var weights = Numbers(Outputs * Inputs);

        Assert.Equal(Nearest(weights, Inputs), new NearestPlane(moments, null).Fit(weights, Inputs), (a, b) => MathF.Abs(a - b) < 1e-6f);
    }

    /// <summary>As many tokens of numbers, of which each is for the most part a sum of a few hidden ones.</summary>
    private float[] CorrelatedInputs()
    {
        const int Hidden = 8;
        var mix = Numbers(Hidden * Inputs);
        var x = Numbers(Tokens * Inputs);
        for (var token = 0; token < Tokens; token++)
        {
            var hidden = Numbers(Hidden);
            for (var i = 0; i < Inputs; i++)
            {
                x[(token * Inputs) + i] *= 0.1f;
                x[(token * Inputs) + i] += Enumerable.Range(0, Hidden).Sum(h => hidden[h] * mix[(h * Inputs) + i]);
            }
        }

        return x;
    }

    private static float[] Times(float[] x, float[]? smoothing) =>
        smoothing is null ? x : [.. x.Select((number, i) => number * smoothing[i % Inputs])];

    private static float[] Moments(float[] x)
    {
        var moments = new float[Inputs * Inputs];
        for (var token = 0; token < Tokens; token++)
        {
            for (var place = 0; place < moments.Length; place++)
            {
                moments[place] += x[(token * Inputs) + (place / Inputs)] * x[(token * Inputs) + (place % Inputs)];
            }
        }

        return moments;
    }

    private static double Error(float[] x, float[] weights, float[] rounded)
    {
        var error = 0.0;
        for (var token = 0; token < Tokens; token++)
        {
            for (var output = 0; output < Outputs; output++)
            {
                var moved = 0.0;
                for (var i = 0; i < Inputs; i++)
                {
                    moved += x[(token * Inputs) + i] * (double)(weights[(output * Inputs) + i] - rounded[(output * Inputs) + i]);
                }

                error += moved * moved;
            }
        }

        return error;
    }

    private static float[] Nearest(float[] weights, int shared)
    {
        var rounded = weights.ToArray();
        for (var i = 0; i < rounded.Length; i++)
        {
            var group = i - (i % Inputs) + (i % Inputs / shared * shared);
            var step = Largest(weights, group, Math.Min(shared, Inputs - (group % Inputs))) / 127;
            rounded[i] = MathF.Round(weights[i] / step) * step;
        }

        return rounded;
    }

    private static float Largest(float[] weights, int first, int length) => weights.Skip(first).Take(length).Max(MathF.Abs);

    private float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (_random.NextSingle() * 2) - 1)];
}
