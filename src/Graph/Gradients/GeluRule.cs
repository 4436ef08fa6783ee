namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// y = x·Φ(x): dx = dy·(Φ(x) + x·φ(x)) with Φ(x) = ½·(1 + erf(x/√2)) and φ(x) = exp(−x²/2)/√(2π), number by number. Only x is kept; Φ is computed
/// again. With u = x/√2: dx = ½·dy·(1 + erf(u) + u·exp(−u²)·2/√π).
/// </summary>
internal static class GeluRule
{
    /// <summary>dx.</summary>
    public static string Input(GradientScope scope, string dy, string x)
    {
        var u = scope.Node("Mul", "u", [x, scope.Number(1 / Math.Sqrt(2))]);
        var bell = scope.Node("Exp", "bell", [scope.Node("Mul", "minus_square", [u, scope.Node("Neg", "minus_u", [u])])]);
        var slope = scope.Node("Mul", "slope", [scope.Node("Mul", "u_bell", [u, bell]), scope.Number(2 / Math.Sqrt(Math.PI))]);
        var doubled = scope.Node("Add", "doubled", [scope.Node("Add", "above", [scope.Node("Erf", "erf", [u]), slope]), scope.Number(1)]);
        return scope.Node("Mul", "dx", [scope.Node("Mul", "product", [doubled, dy]), scope.Number(0.5)]);
    }
}
