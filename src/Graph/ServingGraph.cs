using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph;

/// <summary>
/// The graph that serves: the tokens of all texts end to end, without padding; rows are laid out as [texts, width] only inside attention, and the last
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
        var layout = new AttentionLayout(_graph, _config, ids);
        var first = _graph.Input(PackedInputs.First, DataType.Int32, "texts");

        var x = Embed(ids, positions); // [T, H]
        for (var layer = 0; layer < _config.LayerCount; layer++)
        {
            var name = DistilBertTensors.Layer(layer);
            var last = layer == _config.LayerCount - 1;
            var asked = last ? _graph.Node("Gather", "/cls", [x, first]) : x; // [B, H] or [T, H]: the rows that anything reads afterwards
            var context = layout.Attention(Query(asked, name), _nodes.Linear(x, $"{name}.attention.k_lin"), _nodes.Linear(x, $"{name}.attention.v_lin"), $"/{name}.attention", last);
            x = _nodes.FeedForward(AddAndNorm(context, asked, name), name);
        }

        _graph.Output(_nodes.Head(x), DataType.Float, "texts", $"{_config.Task.Labels.Count}");
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

    private string AddAndNorm(string rows, string x, string layer)
    {
        var sum = _graph.Node("Add", $"/{layer}.attention/residual", [_nodes.Linear(rows, $"{layer}.attention.out_lin"), x]);
        return _nodes.Norm(sum, $"{layer}.sa_layer_norm");
    }
}
