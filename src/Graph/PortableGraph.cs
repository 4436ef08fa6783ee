using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.GraphBuilder;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph;

/// <summary>
/// The graph of model.onnx: padded batches in, logits out, standard operators only. Token-wise parts work on rows [batch·sequence, width], so
/// that every linear layer is one Gemm whose weight is the checkpoint's tensor under the checkpoint's key.
/// </summary>
internal sealed class PortableGraph
{
    public const string TokenTypeIds = "token_type_ids";
    public const string Logits = "logits";

    private readonly GraphBuilder _graph;
    private readonly EncoderNodes _nodes;
    private readonly ModelConfig _config;
    private readonly bool _takesTypes;
    private readonly WeightSet _weights;
    private readonly AdapterSlots? _slots;

    private PortableGraph(ModelConfig config, WeightSet weights, int opset, AdapterSlots? slots)
    {
        _graph = new GraphBuilder($"{config.Family.ModelType}-sequence-classification", opset);
        _nodes = new EncoderNodes(_graph, config.Layout, weights, slots: slots);
        (_config, _weights, _slots) = (config, weights, slots);
        _takesTypes = weights.HasTokenTypes;
    }

    /// <summary>The graph; with <paramref name="slots"/> it takes adapters as optional inputs.</summary>
    public static ModelProto Build(ModelConfig config, WeightSet weights, int opset, IEnumerable<KeyValuePair<string, string>> metadata,
        AdapterSlots? slots = null) => new PortableGraph(config, weights, opset, slots).Build(metadata);

    // Letters: B texts, S tokens of the longest, H width, N heads, D width of a head.
    private ModelProto Build(IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var inputs = PaddedTexts.Inputs(_graph);
        var types = _takesTypes ? _graph.Input(TokenTypeIds, DataType.Int64, "batch_size", "sequence_length") : null;
        _slots?.AddInputs(_graph, _config.Layout, _weights);
        var texts = new PaddedTexts(_graph, _nodes, _config, inputs);
        // [B, S, N, D]
        var headShape = _graph.Node("Concat", "/head_shape", [texts.Shape, _graph.Int64s(_config.Shape.Heads, _config.Shape.HeadWidth)],
            Int("axis", 0));
        var padding = texts.Padding();
        var rows = texts.Embed(types);
        foreach (var block in _config.Layout.Blocks)
        {
            rows = _nodes.FeedForward(Attention(rows, headShape, padding, block), block);
        }

        var logits = _nodes.Head(FirstTokens(rows, texts.Shape));
        var takesHeads = _slots?.Replaced.Contains(_config.Layout.Head.Last.Weight) ?? false;
        _graph.Output(logits, DataType.Float, "batch_size", takesHeads ? AdapterSlots.Labels : $"{_config.Task.Labels.Count}");
        return _graph.Build(metadata);
    }

    /// <summary>norm(x + output(softmax(q·kᵀ/√D + padding)·v)).</summary>
    private string Attention(string x, string headShape, string padding, BlockLayout block)
    {
        var scope = $"/{block.Query.Name}/attention";
        var queries = _graph.Node("Mul", $"{scope}/queries",
            [_nodes.Linear(x, block.Query), _nodes.Scalar("attention_scale", 1 / Math.Sqrt(_config.Shape.HeadWidth))]);
        var q = Heads(queries, headShape, $"{scope}/q", 0, 2, 1, 3); // [B, N, S, D]
        var k = Heads(_nodes.Linear(x, block.Key), headShape, $"{scope}/k", 0, 2, 3, 1); // [B, N, D, S]
        var v = Heads(_nodes.Linear(x, block.Value), headShape, $"{scope}/v", 0, 2, 1, 3); // [B, N, S, D]
        var scores = _graph.Node("Add", $"{scope}/scores", [_graph.Node("MatMul", $"{scope}/products", [q, k]), padding]); // [B, N, S, S]
        var shares = _graph.Node("Softmax", $"{scope}/shares", [scores], Int("axis", -1));
        var mixed = _graph.Node("MatMul", $"{scope}/mixed", [shares, v]);
        var context = _graph.Node("Transpose", $"{scope}/context", [mixed], Ints("perm", 0, 2, 1, 3)); // [B, S, N, D]
        return _nodes.AttentionOutput(_graph.Node("Reshape", $"{scope}/rows", [context, _graph.Int64s(-1, _config.Shape.Width)]), x, block);
    }

    private string Heads(string rows, string headShape, string scope, params long[] order)
    {
        var split = _graph.Node("Reshape", $"{scope}/split", [rows, headShape]);
        return _graph.Node("Transpose", scope, [split], Ints("perm", order));
    }

    /// <summary>The rows of the texts' first tokens, [CLS]: [B, H].</summary>
    private string FirstTokens(string rows, string shape)
    {
        var hiddenShape = _graph.Node("Concat", "/cls/shape", [shape, _graph.Int64s(_config.Shape.Width)], Int("axis", 0));
        var hidden = _graph.Node("Reshape", "/cls/hidden", [rows, hiddenShape]);
        return _graph.Node("Gather", "/cls", [hidden, _graph.Initializer(Tensors.Int64Scalar("first", 0))], Int("axis", 1));
    }
}
