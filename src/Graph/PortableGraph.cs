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
    public const string InputIds = "input_ids";
    public const string AttentionMask = "attention_mask";
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
        var ids = _graph.Input(InputIds, DataType.Int64, "batch_size", "sequence_length");
        var mask = _graph.Input(AttentionMask, DataType.Int64, "batch_size", "sequence_length");
        var types = _takesTypes ? _graph.Input(TokenTypeIds, DataType.Int64, "batch_size", "sequence_length") : null;
        _slots?.AddInputs(_graph, _config.Layout, _weights);

        var shape = _graph.Node("Shape", "/shape", [ids]); // [B, S]
        // [B, S, N, D]
        var headShape = _graph.Node("Concat", "/head_shape", [shape, _graph.Int64s(_config.Shape.Heads, _config.Shape.HeadWidth)], Int("axis", 0));
        var padding = Padding(mask);
        var rows = Embed(ids, shape, types);
        foreach (var block in _config.Layout.Blocks)
        {
            rows = _nodes.FeedForward(Attention(rows, headShape, padding, block), block);
        }

        var logits = _nodes.Head(FirstTokens(rows, shape));
        var takesHeads = _slots?.Replaced.Contains(_config.Layout.Head.Last.Weight) ?? false;
        _graph.Output(logits, DataType.Float, "batch_size", takesHeads ? AdapterSlots.Labels : $"{_config.Task.Labels.Count}");
        return _graph.Build(metadata);
    }

    /// <summary>norm(word + position) as rows [B·S, H]; token types where they are an input are added to the positions, as they are stored where
    /// they are none: of type 0 both forms have the same bits.</summary>
    private string Embed(string ids, string shape, string? types)
    {
        var embeddings = _config.Layout.Embeddings;
        var words = _graph.Node("Gather", "/embeddings/words", [_nodes.Weight(embeddings.Words.Key), ids]); // [B, S, H]
        var positions = embeddings.UncountedToken is { } uncounted ? CountedPositions(ids, uncounted) : PositionsFromZero(shape);
        if (types is not null)
        {
            var rows = _graph.Node("Gather", "/embeddings/types", [_nodes.Weight(embeddings.TokenTypes!.Value.Key), types]); // they have them
            positions = _graph.Node("Add", "/embeddings/places", [positions, rows]); // [B, S, H]
        }

        var sum = _nodes.EmbeddingSum(words, positions);
        return _nodes.Norm(_graph.Node("Reshape", "/embeddings/rows", [sum, _graph.Int64s(-1, _config.Shape.Width)]), embeddings.Norm);
    }

    /// <summary>The position embedding's first rows, the same for every text [S, H].</summary>
    private string PositionsFromZero(string shape)
    {
        var length = _graph.Node("Slice", "/length", [shape, _graph.Int64s(1), _graph.Int64s(2)]);
        return _graph.Node("Slice", "/embeddings/positions",
            [_nodes.Weight(_config.Layout.Embeddings.Positions.Key), _graph.Int64s(0), length, _graph.Int64s(0)]);
    }

    /// <summary>Rows of the position embedding counted over tokens other than <paramref name="uncounted"/>, which takes the row before the first [B,
    /// S, H].</summary>
    private string CountedPositions(string ids, int uncounted)
    {
        string Number(string name, long value) => _graph.Initializer(Tensors.Int64Scalar(name, value));
        var isUncounted = _graph.Node("Equal", "/positions/is_uncounted", [ids, Number("uncounted_token", uncounted)]);
        var counts = _graph.Node("Where", "/positions/counts", [isUncounted, Number("zero_int64", 0), Number("one_int64", 1)]);
        var sums = _graph.Node("CumSum", "/positions/sums", [counts, Number("one_int64", 1)]);
        var places = _graph.Node("Mul", "/positions/places", [sums, counts]);
        var rows = _graph.Node("Add", "/positions", [places, Number("before_first", _config.Layout.Embeddings.FirstPosition - 1)]);
        return _graph.Node("Gather", "/embeddings/positions", [_nodes.Weight(_config.Layout.Embeddings.Positions.Key), rows]);
    }

    /// <summary>
    /// 0 for real tokens and the type's lowest finite number for padding, as Hugging Face fills it [B, 1, 1, S]: a text of nothing but padding gets
    /// equal attention everywhere instead of NaN.
    /// </summary>
    private string Padding(string mask)
    {
        var lowest = _nodes.FloatType == DataType.Float16 ? (double)Half.MinValue : float.MinValue;
        var isPadding = _graph.Node("Equal", "/padding/is_padding", [mask, _graph.Initializer(Tensors.Int64Scalar("zero_int64", 0))]);
        var fill = _graph.Node("Where", "/padding/fill", [isPadding, _nodes.Scalar("lowest", lowest), _nodes.Scalar("zero", 0)]);
        return _graph.Node("Unsqueeze", "/padding", [fill, _graph.Int64s(1, 2)]);
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
