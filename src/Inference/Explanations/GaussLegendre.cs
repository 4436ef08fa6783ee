namespace LoraOnnx.Inference.Explanations;

/// <summary>Places on [0, 1] and their weights: ∑ weight·f(place) is the integral of f, exact for polynomials up to degree 2n − 1.</summary>
internal static class GaussLegendre
{
    /// <summary>The n places and weights, places rising. Places are the roots of Legendre's polynomial, by Newton's method.</summary>
    public static (double[] Places, double[] Weights) Of(int n)
    {
        var (places, weights) = (new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            var root = -Math.Cos(Math.PI * (i + 0.75) / (n + 0.5)); // close to the i-th root
            var slope = 0.0;
            for (var round = 0; round < 50; round++)
            {
                (var value, slope) = Legendre(n, root);
                root -= value / slope;
                if (Math.Abs(value / slope) < 1e-15)
                {
                    break;
                }
            }

            (places[i], weights[i]) = ((root + 1) / 2, 1 / ((1 - (root * root)) * slope * slope));
        }

        return (places, weights);
    }

    /// <summary>Legendre's polynomial of degree n at x, and its slope.</summary>
    private static (double Value, double Slope) Legendre(int n, double x)
    {
        var (before, value) = (1.0, x);
        for (var k = 2; k <= n; k++)
        {
            (before, value) = (value, ((((2 * k) - 1) * x * value) - ((k - 1) * before)) / k);
        }

        return (value, n * ((x * value) - before) / ((x * x) - 1));
    }
}
