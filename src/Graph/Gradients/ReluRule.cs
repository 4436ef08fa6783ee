using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>y = max(x, 0): dx = dy where y is above 0, else 0, number by number. Only y is kept.</summary>
internal static class ReluRule
{
    /// <summary>dx.</summary>
    public static string Input(GradientScope scope, string dy, string y)
    {
        var passes = scope.Node("Cast", "passes", [scope.Node("Greater", "above", [y, scope.Number(0)])], Int("to", (long)scope.FloatType));
        return scope.Node("Mul", "dx", [dy, passes]);
    }
}
