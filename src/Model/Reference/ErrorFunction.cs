using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Model.Reference;

/// <summary>The Gauss error function in double, relative error of its complement below 1.2e-7 everywhere (Numerical Recipes, erfcc: a Chebyshev
/// fit).</summary>
internal static class ErrorFunction
{
    private static readonly double[] _coefficients =
        [0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223];

    /// <summary>x ← x·Φ(x) = x/2·erfc(−x/√2), the exact GELU, in place.</summary>
    public static void Gelu(Span<float> values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(values);
        foreach (ref var vector in vectors)
        {
            var (lower, upper) = Vector512.Widen(vector);
            vector = Vector512.Narrow(Gelu(lower), Gelu(upper));
        }

        var rest = values[(vectors.Length * Vector512<float>.Count)..];
        if (!rest.IsEmpty)
        {
            Span<float> padded = stackalloc float[Vector512<float>.Count];
            rest.CopyTo(padded);
            Gelu(padded);
            padded[..rest.Length].CopyTo(rest);
        }
    }

    private static Vector512<double> Gelu(Vector512<double> x) => 0.5 * x * Complement(x * -Math.Sqrt(0.5));

    /// <summary>erfc(x) = 1 − erf(x).</summary>
    private static Vector512<double> Complement(Vector512<double> x)
    {
        var t = Vector512<double>.One / (Vector512<double>.One + (0.5 * Vector512.Abs(x)));
        var polynomial = Vector512<double>.Zero;
        foreach (var coefficient in _coefficients)
        {
            polynomial = (polynomial * t) + Vector512.Create(coefficient);
        }

        var tail = t * Vector512.Exp(polynomial - (x * x));
        return Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(x, Vector512<double>.Zero), tail, Vector512.Create(2.0) - tail);
    }
}
