using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// L = Σ (w∘y∘softplus(−z) + (1 − y)∘softplus(z)) / N: −log of the probability of what holds, of each class by itself; w weighs the classes that
/// hold. dz = (σ(z)∘(w∘y + 1 − y) − w∘y)/N. N, an input, is texts times classes of the whole batch. z, y [texts, K], w [K]; L a number.
/// </summary>
internal static class BinaryCrossEntropyRule
{
    /// <summary>y of labels that hold: with smoothing ε, 1 − ε/2 and ε/2.</summary>
    public static string Targets(GradientScope scope, string labels, double smoothing) =>
        scope.Node("Add", "targets", [scope.Node("Mul", "kept", [labels, scope.Number(1 - smoothing)]), scope.Number(smoothing / 2)]);

    /// <summary>L.</summary>
    public static string Loss(GradientScope scope, string logits, string targets, string weights, string normalizer)
    {
        var holds = scope.Node("Mul", "holds", [targets, weights]);
        var holdsNot = scope.Node("Sub", "holds_not", [scope.Number(1), targets]);
        var negative = scope.Node("Mul", "if_holds", [holds, Softplus(scope.In("negative"), scope.Node("Neg", "minus_z", [logits]))]);
        var positive = scope.Node("Mul", "if_not", [holdsNot, Softplus(scope.In("positive"), logits)]);
        return scope.Node("Div", "loss", [
            scope.Node("ReduceSum", "sum", [scope.Node("Add", "terms", [negative, positive])], Int("keepdims", 0)), normalizer]);
    }

    /// <summary>dz.</summary>
    public static string Logits(GradientScope scope, string logits, string targets, string weights, string normalizer)
    {
        var holds = scope.Node("Mul", "dz_holds", [targets, weights]);
        var all = scope.Node("Add", "dz_all", [holds, scope.Node("Sub", "dz_holds_not", [scope.Number(1), targets])]);
        var expected = scope.Node("Mul", "expected", [scope.Node("Sigmoid", "p", [logits]), all]);
        return scope.Node("Div", "dz", [scope.Node("Sub", "error", [expected, holds]), normalizer]);
    }

    /// <summary>log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|), which no x makes infinite.</summary>
    private static string Softplus(GradientScope scope, string x)
    {
        var small = scope.Node("Exp", "small", [scope.Node("Neg", "minus_size", [scope.Node("Abs", "size", [x])])]);
        var rest = scope.Node("Log", "rest", [scope.Node("Add", "above_one", [small, scope.Number(1)])]);
        return scope.Node("Add", "softplus", [scope.Node("Relu", "above", [x]), rest]);
    }
}
