using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// L = −Σ t∘log p / N with p = softmax(z) of each text and t the targets: with label smoothing ε, K classes and class weights w, a text of class c
/// has t = (1 − ε)·w∘onehot(c) + (ε/K)·w. N is the sum of w[c] over the whole batch, an input, as a batch may be worked off in parts.
/// dz = (p·Σ t − t)/N. z, t [texts, K]; w [K]; L a number.
/// </summary>
internal static class CrossEntropyRule
{
    /// <summary>t of one-hot labels [texts, K].</summary>
    public static string Targets(GradientScope scope, string labels, string weights, double smoothing, int classes)
    {
        var kept = scope.Node("Mul", "kept", [labels, scope.Number(1 - smoothing)]);
        return scope.Node("Mul", "targets", [scope.Node("Add", "smooth", [kept, scope.Number(smoothing / classes)]), weights]);
    }

    /// <summary>L.</summary>
    public static string Loss(GradientScope scope, string logits, string targets, string normalizer)
    {
        var terms = scope.Node("Mul", "terms", [scope.Node("LogSoftmax", "log_p", [logits], Int("axis", -1)), targets]);
        var sum = scope.Node("Neg", "sum", [scope.Node("ReduceSum", "all_terms", [terms], Int("keepdims", 0))]);
        return scope.Node("Div", "loss", [sum, normalizer]);
    }

    /// <summary>dz.</summary>
    public static string Logits(GradientScope scope, string logits, string targets, string normalizer)
    {
        var p = scope.Node("Softmax", "p", [logits], Int("axis", -1));
        var expected = scope.Node("Mul", "expected", [p, scope.SumOfLast("all_targets", targets)]);
        return scope.Node("Div", "dz", [scope.Node("Sub", "error", [expected, targets]), normalizer]);
    }
}
