namespace LoraOnnx.Graph.Gradients;

/// <summary>y = tanh(x): dx = dy·(1 − y²), number by number. Only y is kept.</summary>
internal static class TanhRule
{
    /// <summary>dx.</summary>
    public static string Input(GradientScope scope, string dy, string y) =>
        scope.Node("Mul", "dx", [dy, scope.Node("Sub", "slope", [scope.Number(1), scope.Node("Mul", "square", [y, y])])]);
}
