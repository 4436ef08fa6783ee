using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph;

/// <summary>
/// The graph that serves: the tokens of all texts end to end, without padding; rows are laid out as [texts, width] only inside attention, and the
/// last layer asks for [CLS] only. The same sums as the portable graph, over fewer rows.
/// </summary>
internal sealed class ServingGraph
{
    private readonly GraphBuilder _graph;
    private readonly EncoderNodes _nodes;
    private readonly ModelConfig _config;
    private readonly string? _plan;

    private ServingGraph(ModelConfig config, WeightSet weights, bool takesVariants)
    {
        _graph = new GraphBuilder($"{config.Family.ModelType}-sequence-classification-packed", OnnxModelFile.DefaultOpset);
        _plan = takesVariants ? _graph.Input(VariantNodes.Plan, DataType.Int32, "1") : null;
        _nodes = new EncoderNodes(_graph, config.Layout, weights, _plan);
        _config = config;
    }

    public static ModelProto Build(ModelConfig config, WeightSet weights, bool takesVariants = false) =>
        new ServingGraph(config, weights, takesVariants).Build();

    // Letters: B texts, T tokens of all texts, W the width that attention is padded to, H width of the hidden state.
    private ModelProto Build()
    {
        var ids = _graph.Input(PackedInputs.Ids, DataType.Int32, "tokens");
        var positions = _graph.Input(PackedInputs.Positions, DataType.Int32, "tokens");
        var layout = new AttentionLayout(_graph, _config.Shape, ids);
        var first = _graph.Input(PackedInputs.First, DataType.Int32, "texts");

        var x = _nodes.Embed(ids, positions); // [T, H]
        foreach (var block in _config.Layout.Blocks)
        {
            var last = block == _config.Layout.Blocks[^1];
            var asked = last ? _graph.Node("Gather", "/cls", [x, first]) : x; // [B, H] or [T, H]: the rows that anything reads afterwards
            var context = layout.Attention(
                Query(asked, block), _nodes.Linear(x, block.Key), _nodes.Linear(x, block.Value), $"/{block.Query.Name}/attention", last);
            x = _nodes.FeedForward(_nodes.AttentionOutput(context, asked, block), block);
        }

        _graph.Output(_nodes.Head(x), DataType.Float, "texts", $"{_config.Task.Labels.Count}");
        if (_plan is not null)
        {
            _graph.Output(_graph.Node("Identity", VariantNodes.States, [x]), DataType.Float, "texts", $"{_config.Shape.Width}");
        }

        return _graph.Build([]);
    }

    /// <summary>Queries divided by √D before the product with the keys, as the portable graph does it: the same roundings.</summary>
    private string Query(string x, BlockLayout block) => _graph.Node("Mul", $"/{block.Query.Name}/attention/queries",
        [_nodes.Linear(x, block.Query), _nodes.Scalar("attention_scale", 1 / Math.Sqrt(_config.Shape.HeadWidth))]);
}
