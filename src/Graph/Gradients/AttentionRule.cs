using static LoraOnnx.Graph.GraphBuilder;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// C = P·V with P = M∘softmax(Q·Kᵀ + mask), row by row; M is dropout's, where there is any. dV = Pᵀ·dC; with R = M∘(dC·Vᵀ) and S the softmax,
/// dZ = S∘(R − Σ dC∘C of each row), as Σ R∘S = Σ dC∘C; dQ = dZ·K, dK = dZᵀ·Q. Q, C [texts, heads, queries, D]; K, V [texts, heads, W, D]; P
/// [texts, heads, queries, W]. Q comes divided by √D. The mask is 0 or −∞, so what is masked has the derivative 0.
/// </summary>
internal static class AttentionRule
{
    /// <summary>What the backward pass needs.</summary>
    internal readonly record struct Saved(string Query, string Key, string Value, string Softmax, string? Kept, string Weights, string Context);

    /// <summary>C and what is kept.</summary>
    public static Saved Output(GradientScope scope, string query, string key, string value, string? mask, string? kept)
    {
        var scores = scope.Node("MatMul", "scores", [query, Transposed(scope, "key_turned", key)]);
        var softmax = scope.Node("Softmax", "softmax", [mask is null ? scores : scope.Node("Add", "masked", [scores, mask])], Int("axis", -1));
        var weights = kept is null ? softmax : scope.Node("Mul", "weights", [softmax, kept]);
        return new Saved(query, key, value, softmax, kept, weights, scope.Node("MatMul", "context", [weights, value]));
    }

    /// <summary>dQ, dK, dV.</summary>
    public static (string Query, string Key, string Value) Inputs(GradientScope scope, string dContext, Saved saved)
    {
        var dValue = scope.Node("MatMul", "dV", [Transposed(scope, "weights_turned", saved.Weights), dContext]);
        var dWeights = scope.Node("MatMul", "dP", [dContext, Transposed(scope, "value_turned", saved.Value)]);
        dWeights = saved.Kept is null ? dWeights : scope.Node("Mul", "dP_kept", [dWeights, saved.Kept]);
        var rowSums = scope.SumOfLast("row_sums", scope.Node("Mul", "dC_C", [dContext, saved.Context]));
        var dScores = scope.Node("Mul", "dZ", [saved.Softmax, scope.Node("Sub", "off_row", [dWeights, rowSums])]);
        var dKey = scope.Node("MatMul", "dK", [Transposed(scope, "dZ_turned", dScores), saved.Query]);
        return (scope.Node("MatMul", "dQ", [dScores, saved.Key]), dKey, dValue);
    }

    private static string Transposed(GradientScope scope, string output, string x) =>
        scope.Node("Transpose", output, [x], Ints("perm", 0, 1, 3, 2));
}
