using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph;

/// <summary>A padded batch as graphs take it in: ids and mask [B, S] become rows [B·S, H] and what attention adds for padding.</summary>
internal sealed class PaddedTexts
{
    public const string InputIds = "input_ids";
    public const string AttentionMask = "attention_mask";

    private readonly GraphBuilder _graph;
    private readonly EncoderNodes _nodes;
    private readonly EmbeddingLayout _embeddings;
    private readonly int _width;
    private readonly string _ids;

    // Letters: B texts, S tokens of the longest, H width.
    public PaddedTexts(GraphBuilder graph, EncoderNodes nodes, ModelConfig config, (string Ids, string Mask) inputs)
    {
        (_graph, _nodes, _embeddings, _width) = (graph, nodes, config.Layout.Embeddings, config.Shape.Width);
        (_ids, Mask) = inputs;
        Shape = graph.Node("Shape", "/shape", [_ids]);
    }

    /// <summary>[B, S].</summary>
    public string Shape { get; }

    /// <summary>1 for tokens, 0 for padding [B, S].</summary>
    public string Mask { get; }

    /// <summary>The inputs of a graph for padded batches.</summary>
    public static (string Ids, string Mask) Inputs(GraphBuilder graph) =>
        (graph.Input(InputIds, DataType.Int64, "batch_size", "sequence_length"),
            graph.Input(AttentionMask, DataType.Int64, "batch_size", "sequence_length"));

    /// <summary>norm(word + position) as rows [B·S, H]; token types where they are an input are added to the positions, as they are stored where
    /// they are none: of type 0 both forms have the same bits.</summary>
    public string Embed(string? types = null)
    {
        var words = _graph.Node("Gather", "/embeddings/words", [_nodes.Weight(_embeddings.Words.Key), _ids]); // [B, S, H]
        var positions = _embeddings.UncountedToken is { } uncounted ? CountedPositions(uncounted) : PositionsFromZero();
        if (types is not null)
        {
            var rows = _graph.Node("Gather", "/embeddings/types", [_nodes.Weight(_embeddings.TokenTypes!.Value.Key), types]); // they have them
            positions = _graph.Node("Add", "/embeddings/places", [positions, rows]); // [B, S, H]
        }

        var sum = _nodes.EmbeddingSum(words, positions);
        return _nodes.Norm(_graph.Node("Reshape", "/embeddings/rows", [sum, _graph.Int64s(-1, _width)]), _embeddings.Norm);
    }

    /// <summary>
    /// 0 for real tokens and the type's lowest finite number for padding, as Hugging Face fills it [B, 1, 1, S]: a text of nothing but padding gets
    /// equal attention everywhere instead of NaN.
    /// </summary>
    public string Padding()
    {
        var lowest = _nodes.FloatType == DataType.Float16 ? (double)Half.MinValue : float.MinValue;
        var isPadding = _graph.Node("Equal", "/padding/is_padding", [Mask, _graph.Initializer(Tensors.Int64Scalar("zero_int64", 0))]);
        var fill = _graph.Node("Where", "/padding/fill", [isPadding, _nodes.Scalar("lowest", lowest), _nodes.Scalar("zero", 0)]);
        return _graph.Node("Unsqueeze", "/padding", [fill, _graph.Int64s(1, 2)]);
    }

    /// <summary>The position embedding's first rows, the same for every text [S, H].</summary>
    private string PositionsFromZero()
    {
        var length = _graph.Node("Slice", "/length", [Shape, _graph.Int64s(1), _graph.Int64s(2)]);
        return _graph.Node("Slice", "/embeddings/positions",
            [_nodes.Weight(_embeddings.Positions.Key), _graph.Int64s(0), length, _graph.Int64s(0)]);
    }

    /// <summary>Rows of the position embedding counted over tokens other than <paramref name="uncounted"/>, which takes the row before the first [B,
    /// S, H].</summary>
    private string CountedPositions(int uncounted)
    {
        string Number(string name, long value) => _graph.Initializer(Tensors.Int64Scalar(name, value));
        var isUncounted = _graph.Node("Equal", "/positions/is_uncounted", [_ids, Number("uncounted_token", uncounted)]);
        var counts = _graph.Node("Where", "/positions/counts", [isUncounted, Number("zero_int64", 0), Number("one_int64", 1)]);
        var sums = _graph.Node("CumSum", "/positions/sums", [counts, Number("one_int64", 1)]);
        var places = _graph.Node("Mul", "/positions/places", [sums, counts]);
        var rows = _graph.Node("Add", "/positions", [places, Number("before_first", _embeddings.FirstPosition - 1)]);
        return _graph.Node("Gather", "/embeddings/positions", [_nodes.Weight(_embeddings.Positions.Key), rows]);
    }
}
