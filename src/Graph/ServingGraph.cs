using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using static LoraOnnx.Graph.GraphBuilder;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph;

/// <summary>
/// The graph that serves: the tokens of all texts end to end, without padding; rows are laid out as [texts, width] only around attention, and the last
/// layer asks for [CLS] only. The same sums as the portable graph, over fewer rows.
/// </summary>
internal sealed class ServingGraph
{
    private readonly GraphBuilder _graph;
    private readonly EncoderNodes _nodes;
    private readonly DistilBertConfig _config;

    private ServingGraph(DistilBertConfig config, WeightSet weights)
    {
        _graph = new GraphBuilder("distilbert-sequence-classification-packed", OnnxModelFile.DefaultOpset);
        _nodes = new EncoderNodes(_graph, config, weights);
        _config = config;
    }

    public static ModelProto Build(DistilBertConfig config, WeightSet weights) => new ServingGraph(config, weights).Build();

    // Letters: B texts, T tokens of all texts, W the width that attention is padded to, H width of the hidden state.
    private ModelProto Build()
    {
        var ids = _graph.Input(PackedInputs.Ids, DataType.Int32, "tokens");
        var positions = _graph.Input(PackedInputs.Positions, DataType.Int32, "tokens");
        var slots = _graph.Input(PackedInputs.Slots, DataType.Int32, "texts", "width");
        var rowsOfTokens = _graph.Input(PackedInputs.Rows, DataType.Int32, "tokens");
        var lengths = _graph.Input(PackedInputs.Lengths, DataType.Int32, "texts");
        var first = _graph.Input(PackedInputs.First, DataType.Int32, "texts");

        var x = Embed(ids, positions); // [T, H]
        for (var layer = 0; layer < _config.LayerCount - 1; layer++)
        {
            var name = DistilBertTensors.Layer(layer);
            var context = Attention(Padded(Query(x, name), slots), x, slots, lengths, name);
            var rows = _graph.Node("Gather", $"/{name}.attention/rows", [context, rowsOfTokens]); // [T, H]
            x = _nodes.FeedForward(AddAndNorm(rows, x, name), name);
        }

        var last = DistilBertTensors.Layer(_config.LayerCount - 1);
        var cls = _graph.Node("Gather", "/cls", [x, first]); // [B, H]
        var query = _graph.Node("Unsqueeze", "/cls/query", [Query(cls, last), _graph.Int64s(1)]); // [B, 1, H]
        var logits = _nodes.Head(_nodes.FeedForward(AddAndNorm(Attention(query, x, slots, lengths, last), cls, last), last));
        _graph.Output(logits, DataType.Float, "texts", $"{_config.Labels.Count}");
        return _graph.Build([]);
    }

    private string Embed(string ids, string positions)
    {
        var words = _graph.Node("Gather", "/embeddings/words", [_nodes.Weight($"{DistilBertTensors.WordEmbeddings}.weight"), ids]);
        var places = _graph.Node("Gather", "/embeddings/positions", [_nodes.Weight($"{DistilBertTensors.PositionEmbeddings}.weight"), positions]);
        return _nodes.Norm(_graph.Node("Add", "/embeddings/sum", [words, places]), DistilBertTensors.EmbeddingNorm);
    }

    /// <summary>Queries divided by √D before the product with the keys, as the portable graph does it: the same roundings.</summary>
    private string Query(string x, string layer) =>
        _graph.Node("Mul", $"/{layer}.attention/queries", [_nodes.Linear(x, $"{layer}.attention.q_lin"), _nodes.Scalar("attention_scale", 1 / Math.Sqrt(_config.HeadWidth))]);

    private string Padded(string rows, string slots) => _graph.Node("Gather", $"{rows}/padded", [rows, slots]); // [T, H] -> [B, W, H]

    /// <summary>Attention of <paramref name="query"/> [B, Q, H] over the keys and values of <paramref name="x"/> [T, H], as rows [B·Q, H].</summary>
    private string Attention(string query, string x, string slots, string lengths, string layer)
    {
        var keys = Padded(_nodes.Linear(x, $"{layer}.attention.k_lin"), slots);
        var values = Padded(_nodes.Linear(x, $"{layer}.attention.v_lin"), slots);
        var context = _graph.ContribNode("MultiHeadAttention", $"/{layer}.attention/context", [query, keys, values, "", lengths],
            Int("num_heads", _config.HeadCount), Float("scale", 1));
        return _graph.Node("Reshape", $"/{layer}.attention/flat", [context, _graph.Int64s(-1, _config.Width)]);
    }

    private string AddAndNorm(string rows, string x, string layer)
    {
        var sum = _graph.Node("Add", $"/{layer}.attention/residual", [_nodes.Linear(rows, $"{layer}.attention.out_lin"), x]);
        return _nodes.Norm(sum, $"{layer}.sa_layer_norm");
    }
}
