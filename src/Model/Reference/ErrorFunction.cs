namespace LoraOnnx.Model.Reference;

/// <summary>The complementary error function, relative error below 1.2e-7 everywhere (Numerical Recipes, erfcc: a Chebyshev fit).</summary>
internal static class ErrorFunction
{
    private static readonly double[] _coefficients =
        [0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223];

    /// <summary>erfc(x) = 1 − erf(x).</summary>
    public static double Complement(double x)
    {
        var t = 1 / (1 + (0.5 * Math.Abs(x)));
        var polynomial = 0.0;
        foreach (var coefficient in _coefficients)
        {
            polynomial = (polynomial * t) + coefficient;
        }

        var tail = t * Math.Exp((-x * x) + polynomial);
        return x >= 0 ? tail : 2 - tail;
    }
}
