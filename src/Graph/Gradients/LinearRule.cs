using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>y = x·Wᵀ + b: dx = dy·W, dW = dyᵀ·x, db = Σ dy over the rows. x [n, in], y [n, out], W [out, in], b [out].</summary>
internal static class LinearRule
{
    /// <summary>y.</summary>
    public static string Output(GradientScope scope, string x, string weight, string bias) =>
        scope.Node("Gemm", "y", [x, weight, bias], Int("transB", 1));

    /// <summary>dx; with <paramref name="addTo"/> [n, in], their sum, which costs no pass of its own.</summary>
    public static string Input(GradientScope scope, string dy, string weight, string? addTo = null) =>
        scope.Node("Gemm", "dx", addTo is null ? [dy, weight] : [dy, weight, addTo]);

    /// <summary>dW.</summary>
    public static string Weight(GradientScope scope, string dy, string x) => scope.Node("Gemm", "dW", [dy, x], Int("transA", 1));

    /// <summary>db.</summary>
    public static string Bias(GradientScope scope, string dy) => scope.SumOfRows("db", dy);
}
