namespace LoraOnnx.Graph.Gradients;

/// <summary>y = M∘x: dx = M∘dy. M, an input, is 0 for what is dropped and 1/(1 − p) for what is kept.</summary>
internal static class DropoutRule
{
    /// <summary>y, and also dx of dy.</summary>
    public static string Output(GradientScope scope, string x, string mask) => scope.Node("Mul", "dropped", [x, mask]);
}
