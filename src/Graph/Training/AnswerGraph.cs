using LoraOnnx.Graph.Gradients;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Training;

/// <summary>The serving graph with adapters beside frozen linears and the head as inputs: logits, and what the head reads.</summary>
internal sealed class AnswerGraph
{
    private readonly GraphBuilder _graph;
    private readonly EncoderLayout _layout;
    private readonly EncoderNodes _nodes;
    private readonly TrainedTensors _trained;

    private AnswerGraph(GraphBuilder graph, EncoderLayout layout, EncoderNodes nodes, TrainedTensors trained) =>
        (_graph, _layout, _nodes, _trained) = (graph, layout, nodes, trained);

    public static TrainingModel Build(ModelWeights weights, IReadOnlyList<LoraModule> adapters, bool trainsHead)
    {
        var (config, layout, set) = (weights.Config, weights.Config.Layout, WeightSet.Of(weights));
        var graph = new GraphBuilder($"{config.Family.ModelType}-sequence-classification-answers", OnnxModelFile.DefaultOpset);
        var learnt = new LearntInputs(graph, layout, adapters, trainsHead);
        var nodes = new EncoderNodes(graph, layout, set, inputs: learnt.Names);
        new AnswerGraph(graph, layout, nodes, learnt.Trained).Answer();
        return TrainingModel.Of(graph.Build([]), weights, set, []);
    }

    private void Answer()
    {
        var (ids, positions) = (_graph.Input(PackedInputs.Ids, DataType.Int32, "tokens"), _graph.Input(PackedInputs.Positions, DataType.Int32,
            "tokens"));
        var attention = new AttentionLayout(_graph, _layout.Shape, ids);
        var first = _graph.Input(PackedInputs.First, DataType.Int32, "texts");
        var x = _nodes.Embed(ids, positions); // [T, H]
        foreach (var block in _layout.Blocks)
        {
            x = Block(x, block, attention, first);
        }

        var pooler = new HeadGradient(_graph, _nodes, VariantNodes.Head(_layout).SkipLast(_layout.Head.Linears.Count), _trained);
        var read = _graph.Node("Identity", TrainingInputs.HeadInput, [pooler.Forward(x)]);
        var head = new HeadGradient(_graph, _nodes, _layout.Head.Linears, _trained);
        _graph.Output(_graph.Node("Identity", TrainingInputs.Logits, [head.Forward(read)]), DataType.Float, "texts", $"{_layout.Head.Last.Out}");
        _graph.Output(read, DataType.Float, "texts", $"{_layout.Shape.Width}");
    }

    private string Block(string x, BlockLayout block, AttentionLayout attention, string first)
    {
        var isLast = block == _layout.Blocks[^1];
        var asked = isLast ? _graph.Node("Gather", "/cls", [x, first]) : x;
        var queries = _graph.Node("Mul", $"/{block.Query.Name}/attention/queries",
            [Linear(asked, block.Query), _nodes.Scalar("attention_scale", 1 / Math.Sqrt(_layout.Shape.HeadWidth))]);
        var context = attention.Attention(queries, Linear(x, block.Key), Linear(x, block.Value), $"/{block.Query.Name}/attention", isLast);
        var attended = _graph.Node("Add", $"/{block.Output.Name}/residual", [Linear(context, block.Output), asked]);
        var normed = _nodes.Norm(attended, block.AttentionNorm);
        var active = _nodes.Activate(Linear(normed, block.Up), _layout.Shape.Activation, $"/{block.Up.Name}");
        return _nodes.Norm(_graph.Node("Add", $"/{block.Down.Name}/residual", [Linear(active, block.Down), normed]), block.OutputNorm);
    }

    private string Linear(string x, LinearLayout linear) =>
        new LinearGradient(new GradientScope(_graph, _nodes.FloatType, $"/{linear.Name}"), _nodes, linear, _trained).Forward(x);
}
