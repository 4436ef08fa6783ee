using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// One block of frozen weights, forward and backward, over rows x [T, H]. The last block asks for each text's first token only, x[first] [B, H], and
/// gives [B, H].
/// </summary>
internal sealed class BlockGradient(GraphBuilder graph, EncoderNodes nodes, EncoderLayout layout, BlockLayout block, TextHeads heads)
{
    private readonly GradientScope _scope = new(graph, nodes.FloatType, $"/gradient/{block.Output.Name}");
    private readonly bool _isLast = block == layout.Blocks[^1];

    private string _first = "";
    private AttentionRule.Saved _attention;
    private string _attentionSum = "";
    private string _up = "";
    private string _active = "";
    private string _sum = "";

    /// <summary>The block's result.</summary>
    public string Forward(string x, string first)
    {
        _first = first;
        var asked = _isLast ? EmbeddingRule.Output(_scope.In("first"), x, first) : x;
        var queries = graph.Node("Mul", $"/{block.Query.Name}/queries", [nodes.Linear(asked, block.Query), Scale]);
        _attention = AttentionRule.Output(_scope.In("attention"), heads.Split(queries, _isLast), heads.Split(nodes.Linear(x, block.Key)),
            heads.Split(nodes.Linear(x, block.Value)), mask: null, kept: null);
        _attentionSum = _scope.Node("Add", "attention_sum", [nodes.Linear(heads.Join(_attention.Context), block.Output), asked]);
        var normed = nodes.Norm(_attentionSum, block.AttentionNorm);
        _up = nodes.Linear(normed, block.Up);
        _active = nodes.Activate(_up, layout.Shape.Activation, $"/{block.Up.Name}");
        _sum = _scope.Node("Add", "sum", [nodes.Linear(_active, block.Down), normed]);
        return nodes.Norm(_sum, block.OutputNorm);
    }

    /// <summary>dx of the derivative of what <see cref="Forward"/> gave.</summary>
    public string Backward(string dy)
    {
        var dSum = Norm(dy, _sum, block.OutputNorm);
        var dUp = ActivationRule.Input(_scope.In("activation"), layout.Shape.Activation, Linear(dSum, block.Down), _up, _active);
        var dAttentionSum = Norm(Linear(dUp, block.Up, addTo: dSum), _attentionSum, block.AttentionNorm);
        var dContext = heads.Split(Linear(dAttentionSum, block.Output), _isLast);
        var (dQuery, dKey, dValue) = AttentionRule.Inputs(_scope.In("attention"), dContext, _attention);
        var dQueries = _scope.Node("Mul", "dqueries", [heads.Join(dQuery), Scale]);
        var dAsked = Linear(dQueries, block.Query, addTo: dAttentionSum);
        var dRead = Linear(heads.Join(dValue), block.Value, addTo: _isLast ? null : dAsked);
        var dx = Linear(heads.Join(dKey), block.Key, addTo: dRead);
        return _isLast ? EmbeddingRule.Table(_scope.In("first"), dAsked, _first, addTo: dx) : dx;
    }

    private string Scale => nodes.Scalar("attention_scale", 1 / Math.Sqrt(layout.Shape.HeadWidth));

    private string Linear(string dy, LinearLayout linear, string? addTo = null) =>
        LinearRule.Input(_scope.In(linear.Name), dy, nodes.Weight(linear.Weight), addTo);

    private string Norm(string dy, string x, NormLayout norm) =>
        LayerNormRule.Input(_scope.In(norm.Name), dy, x, nodes.Weight(norm.Weight), layout.Shape.NormEpsilon);
}
