using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// y = c∘v + b with v = x·Wᵀ + s·(z·Aᵀ)·Bᵀ and c = m/‖rows of W + s·B·A‖: dv = c∘dy goes on as LoRA's dy, dm = Σ dy∘v over the rows, divided by the
/// norms. The norms are constants for the gradient, as DoRA defines it (section 4.3 of the paper). v, y [n, out]; c, m, b and the norms [out].
/// </summary>
internal static class DoraRule
{
    /// <summary>‖rows of W + s·B·A‖ [out].</summary>
    public static string Norms(GradientScope scope, string weight, string a, string b, double scale)
    {
        var sum = scope.Node("Gemm", "sum", [b, a, weight], Float("alpha", scale)); // [out, in]
        return scope.Node("ReduceL2", "norms", [sum, scope.Graph.Int64s(-1)], Int("keepdims", 0));
    }

    /// <summary>c.</summary>
    public static string Factors(GradientScope scope, string magnitude, string norms) => scope.Node("Div", "factors", [magnitude, norms]);

    /// <summary>y.</summary>
    public static string Output(GradientScope scope, string v, string factors, string bias) =>
        scope.Node("Add", "y", [scope.Node("Mul", "rescaled", [v, factors]), bias]);

    /// <summary>dv.</summary>
    public static string Unscaled(GradientScope scope, string dy, string factors) => scope.Node("Mul", "dv", [dy, factors]);

    /// <summary>dm.</summary>
    public static string Magnitude(GradientScope scope, string dy, string v, string norms) =>
        scope.Node("Div", "dm", [scope.SumOfRows("along", scope.Node("Mul", "products", [dy, v])), norms]);
}
