namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// y = γ∘n + β with n = (x − μ)/σ, μ the mean of a row and σ = √(its variance + ε). With g = dy∘γ: dx = (g − mean(g) − n∘mean(g∘n))/σ.
/// x, y [n, H], γ and β [H]; they are frozen. Only x is kept; μ and σ are computed again.
/// </summary>
internal static class LayerNormRule
{
    /// <summary>dx.</summary>
    public static string Input(GradientScope scope, string dy, string x, string factors, double epsilon)
    {
        var centred = scope.Node("Sub", "centred", [x, scope.MeanOfLast("mean", x)]);
        var variance = scope.MeanOfLast("variance", scope.Node("Mul", "square", [centred, centred]));
        var deviation = scope.Node("Sqrt", "deviation", [scope.Node("Add", "shifted", [variance, scope.Number(epsilon)])]);
        var inverse = scope.Node("Reciprocal", "inverse", [deviation]); // [n, 1]
        var normal = scope.Node("Mul", "n", [centred, inverse]);
        var g = scope.Node("Mul", "g", [dy, factors]);
        var along = scope.MeanOfLast("mean_gn", scope.Node("Mul", "gn", [g, normal]));
        var offMean = scope.Node("Sub", "off_mean", [g, scope.MeanOfLast("mean_g", g)]);
        return scope.Node("Mul", "dx", [scope.Node("Sub", "across", [offMean, scope.Node("Mul", "along", [normal, along])]), inverse]);
    }
}
