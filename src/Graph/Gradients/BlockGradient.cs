using LoraOnnx.Graph.Training;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// One block, forward and backward, over rows x [T, H]; what of it learns is said by its trained tensors. The last block asks for each text's first
/// token only, x[first] [B, H], and gives [B, H].
/// </summary>
internal sealed class BlockGradient
{
    private readonly EncoderNodes _nodes;
    private readonly EncoderLayout _layout;
    private readonly BlockLayout _block;
    private readonly TextHeads _heads;
    private readonly DropoutMasks _masks;
    private readonly GradientScope _scope;
    private readonly bool _isLast;
    private readonly LinearGradient _query;
    private readonly LinearGradient _key;
    private readonly LinearGradient _value;
    private readonly LinearGradient _output;
    private readonly LinearGradient _upper;
    private readonly LinearGradient _down;

    private string _first = "";
    private AttentionRule.Saved _attention;
    private Dropped? _attended;
    private string _attentionSum = "";
    private string _up = "";
    private string _active = "";
    private Dropped? _fed;
    private string _sum = "";

    public BlockGradient(
        EncoderNodes nodes, EncoderLayout layout, BlockLayout block, TextHeads heads, TrainedTensors trained, DropoutMasks? masks = null)
    {
        _masks = masks ?? DropoutMasks.None;
        (_nodes, _layout, _block, _heads) = (nodes, layout, block, heads);
        _scope = new GradientScope(heads.Graph, nodes.FloatType, $"/gradient/{block.Output.Name}");
        _isLast = block == layout.Blocks[^1];
        LinearGradient Of(LinearLayout linear) => new(_scope.In(linear.Name), nodes, linear, trained);
        (_query, _key, _value) = (Of(block.Query), Of(block.Key), Of(block.Value));
        (_output, _upper, _down) = (Of(block.Output), Of(block.Up), Of(block.Down));
    }

    /// <summary>True where something in it learns.</summary>
    public bool Learns => AttentionLearns || _upper.Learns || _down.Learns;

    private bool AttentionLearns => _query.Learns || _key.Learns || _value.Learns || _output.Learns;

    private DropoutRows OwnRows => _isLast ? DropoutRows.Texts : DropoutRows.Tokens;

    private string Scale => _nodes.Scalar("attention_scale", 1 / Math.Sqrt(_layout.Shape.HeadWidth));

    /// <summary>The block's result.</summary>
    public string Forward(string x, string first)
    {
        _first = first;
        var asked = _isLast ? EmbeddingRule.Output(_scope.In("first"), x, first) : x;
        var read = _isLast ? AdapterInput("read", x, DropoutRows.Tokens, _key, _value)
            : AdapterInput("read", x, DropoutRows.Tokens, _query, _key, _value); // adapters that read one value share a mask
        var dropped = _isLast ? AdapterInput("asked", asked, OwnRows, _query) : read;
        var queries = _scope.Graph.Node("Mul", $"/{_block.Query.Name}/queries", [_query.Forward(asked, dropped), Scale]);
        _attention = AttentionRule.Output(_scope.In("attention"), _heads.Split(queries, _isLast), _heads.Split(_key.Forward(x, read)),
            _heads.Split(_value.Forward(x, read)), _heads.Mask, _masks.OfAttention(_scope.In("weights"), _isLast, _layout.Shape.Heads));
        var context = _heads.Join(_attention.Context, _isLast);
        var attended = _output.Forward(context, AdapterInput("context", context, OwnRows, _output));
        _attended = Drop("attended", attended, _masks.Dropout.AttentionOutput);
        _attentionSum = _scope.Node("Add", "attention_sum", [_attended?.Value ?? attended, asked]);
        var normed = _nodes.Norm(_attentionSum, _block.AttentionNorm);
        _up = _upper.Forward(normed, AdapterInput("normed", normed, OwnRows, _upper));
        _active = _nodes.Activate(_up, _layout.Shape.Activation, $"/{_block.Up.Name}");
        var fed = _down.Forward(_active, AdapterInput("active", _active, OwnRows, _down));
        _fed = Drop("fed", fed, _masks.Dropout.Hidden);
        _sum = _scope.Node("Add", "sum", [_fed?.Value ?? fed, normed]);
        return _nodes.Norm(_sum, _block.OutputNorm);
    }

    /// <summary>dx of the derivative of what <see cref="Forward"/> gave; null where it is not asked for.</summary>
    public string? Backward(string dy, bool asksInput)
    {
        var dSum = Norm(dy, _sum, _block.OutputNorm);
        var goesOn = asksInput || AttentionLearns;
        if (_down.Backward(Before(_fed, "fed", dSum), goesOn || _upper.Learns) is not { } dActive)
        {
            return null;
        }

        var dUp = ActivationRule.Input(_scope.In("activation"), _layout.Shape.Activation, dActive, _up, _active);
        if (_upper.Backward(dUp, goesOn, addTo: dSum) is not { } dNormed)
        {
            return null;
        }

        var dAttentionSum = Norm(dNormed, _attentionSum, _block.AttentionNorm);
        var dContext = _heads.Split(_output.Backward(Before(_attended, "attended", dAttentionSum), asksInput: true)!, _isLast); // asked for
        var (dQuery, dKey, dValue) = AttentionRule.Inputs(_scope.In("attention"), dContext, _attention);
        var dQueries = _scope.Node("Mul", "dqueries", [_heads.Join(dQuery, _isLast), Scale]);
        var dAsked = _query.Backward(dQueries, asksInput, addTo: dAttentionSum);
        var dRead = _value.Backward(_heads.Join(dValue), asksInput, addTo: _isLast ? null : dAsked);
        var dx = _key.Backward(_heads.Join(dKey), asksInput, addTo: dRead);
        return _isLast && dx is not null ? EmbeddingRule.Table(_scope.In("first"), dAsked!, _first, addTo: dx) : dx; // both were asked for
    }

    /// <summary>What adapters read of x, where one of them learns.</summary>
    private Dropped? AdapterInput(string name, string x, DropoutRows rows, params LinearGradient[] linears) =>
        Array.Exists(linears, linear => linear.IsAdapted) ? _masks.Of(_scope.In(name), x, rows, linears[0].In, _masks.Dropout.Adapters) : null;

    private Dropped? Drop(string name, string x, double probability) =>
        _masks.Of(_scope.In(name), x, OwnRows, _layout.Shape.Width, probability);

    /// <summary>The derivative by what dropout took.</summary>
    private string Before(Dropped? dropped, string name, string d) =>
        dropped is { } one ? DropoutRule.Output(_scope.In($"{name}_back"), d, one.Mask) : d;

    private string Norm(string dy, string x, NormLayout norm) =>
        LayerNormRule.Input(_scope.In(norm.Name), dy, x, _nodes.Weight(norm.Weight), _layout.Shape.NormEpsilon);
}
