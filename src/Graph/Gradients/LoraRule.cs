using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// u = s·(z·Aᵀ)·Bᵀ, added to what a frozen linear gives; z is its input, or what dropout leaves of it. With g = s·dy·B: dA = gᵀ·z,
/// dB = s·dyᵀ·(z·Aᵀ), dz = g·A. z [n, in], A [r, in], B [out, r], u and dy [n, out].
/// </summary>
internal static class LoraRule
{
    /// <summary>The low-rank input z·Aᵀ [n, r], which the backward pass needs, and base + u.</summary>
    public static (string Low, string Output) Output(GradientScope scope, string z, string a, string b, double scale, string baseOutput)
    {
        var low = scope.Node("Gemm", "low", [z, a], Int("transB", 1));
        return (low, scope.Node("Gemm", "adapted", [low, b, baseOutput], Int("transB", 1), Float("alpha", scale)));
    }

    /// <summary>g [n, r].</summary>
    public static string Low(GradientScope scope, string dy, string b, double scale) => scope.Node("Gemm", "dlow", [dy, b], Float("alpha", scale));

    /// <summary>dA.</summary>
    public static string Down(GradientScope scope, string dlow, string z) => scope.Node("Gemm", "dA", [dlow, z], Int("transA", 1));

    /// <summary>dB.</summary>
    public static string Up(GradientScope scope, string dy, string low, double scale) =>
        scope.Node("Gemm", "dB", [dy, low], Int("transA", 1), Float("alpha", scale));

    /// <summary>dz; with <paramref name="addTo"/>, their sum.</summary>
    public static string Input(GradientScope scope, string dlow, string a, string? addTo = null) =>
        scope.Node("Gemm", "dz", addTo is null ? [dlow, a] : [dlow, a, addTo]);
}
