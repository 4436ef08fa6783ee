using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Configuration;
using static LoraOnnx.Graph.GraphBuilder;
using DataType = LoraOnnx.Graph.Onnx.TensorProto.Types.DataType;

namespace LoraOnnx.Graph.Gradients;

/// <summary>
/// Forward and backward pass of one text at several points of the line from a baseline's word embeddings to its own, as one packed batch: the logits
/// at each point, and how the logit of a class changes there along the line, token by token. Of standard operators.
/// </summary>
internal static class ExplanationGraph
{
    // Letters: W tokens of the text, S points, H width of the hidden state.
    public static ModelProto Build(ModelConfig config, WeightSet weights)
    {
        var (layout, embeddings) = (config.Layout, config.Layout.Embeddings);
        var graph = new GraphBuilder($"{config.Family.ModelType}-sequence-classification-gradient", OnnxModelFile.DefaultOpset);
        var nodes = new EncoderNodes(graph, layout, weights);
        var scope = new GradientScope(graph, nodes.FloatType, "/gradient/embeddings");
        var ids = graph.Input(ExplanationInputs.Ids, DataType.Int32, "tokens");
        var baseline = graph.Input(ExplanationInputs.Baseline, DataType.Int32, "tokens");
        var positions = graph.Input(ExplanationInputs.Positions, DataType.Int32, "tokens");
        var first = graph.Input(ExplanationInputs.First, DataType.Int32, "points");
        var points = graph.Input(ExplanationInputs.Points, DataType.Float, "points");
        var asked = graph.Input(ExplanationInputs.Class, DataType.Float, $"{config.Task.Labels.Count}");
        var heads = new TextHeads(graph, layout.Shape, graph.Node("Shape", "/points", [points]), graph.Node("Shape", "/tokens", [ids]));

        var table = nodes.Weight(embeddings.Words.Key);
        var start = EmbeddingRule.Output(scope.In("baseline"), table, baseline); // [W, H]
        var change = graph.Node("Sub", "/embeddings/change", [EmbeddingRule.Output(scope.In("words"), table, ids), start]);
        var shares = graph.Node("Unsqueeze", "/points/texts", [points, graph.Int64s(1, 2)]); // [S, 1, 1]
        var moved = graph.Node("Mul", "/embeddings/moved", [change, shares]); // [S, W, H]
        var words = graph.Node("Add", "/embeddings/words", [moved, start]);
        var places = EmbeddingRule.Output(scope.In("positions"), nodes.Weight(embeddings.Positions.Key), positions);
        var sum = graph.Node("Reshape", "/embeddings/rows", [nodes.EmbeddingSum(words, places), graph.Int64s(-1, layout.Shape.Width)]); // [S·W, H]

        var x = nodes.Norm(sum, embeddings.Norm);
        BlockGradient[] blocks = [.. layout.Blocks.Select(block => new BlockGradient(nodes, layout, block, heads, TrainedTensors.None))];
        foreach (var block in blocks)
        {
            x = block.Forward(x, first);
        }

        var head = new HeadGradient(graph, nodes, VariantNodes.Head(layout), TrainedTensors.None);
        var logits = graph.Node("Identity", PackedInputs.Logits, [head.Forward(x)]); // [S, labels]
        var d = head.Backward(graph.Node("Expand", "/gradient/logits", [asked, graph.Node("Shape", "/logits/shape", [logits])]), asksInput: true)!;
        foreach (var block in blocks.Reverse())
        {
            d = block.Backward(d, asksInput: true)!; // asked for, as the head's
        }

        d = LayerNormRule.Input(scope, d, sum, nodes.Weight(embeddings.Norm.Weight), layout.Shape.NormEpsilon);
        var along = graph.Node("Mul", "/gradient/products",
            [graph.Node("Reshape", "/gradient/texts", [d, graph.Node("Shape", "/embeddings/shape", [moved])]), change]);
        graph.Node("ReduceSum", ExplanationInputs.Along, [along, graph.Int64s(-1)], Int("keepdims", 0));
        graph.Output(logits, DataType.Float, "points", $"{config.Task.Labels.Count}");
        graph.Output(ExplanationInputs.Along, DataType.Float, "points", "tokens");
        return graph.Build([]);
    }
}
