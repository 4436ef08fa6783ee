using LoraOnnx.Graph.Gradients;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Encoders;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Training;

/// <summary>A part of a training step: rows that lie end to end forward, the loss, and back to the lowest block in which something learns. What the
/// backward pass needs is kept once.</summary>
internal static class StepGraph
{
    public static TrainingModel Build(ModelWeights weights, IReadOnlyList<LoraModule> adapters, bool trainsHead, TrainingLoss loss,
        TrainingDropout dropout)
    {
        var (config, layout, set) = (weights.Config, weights.Config.Layout, WeightSet.Of(weights));
        var graph = new GraphBuilder($"{config.Family.ModelType}-sequence-classification-step", OnnxModelFile.DefaultOpset);
        var learnt = new LearntInputs(graph, layout, adapters, trainsHead);
        var nodes = new EncoderNodes(graph, layout, set, inputs: learnt.Names);
        var masks = new DropoutMasks(dropout);
        var (x, heads, first) = Embed(graph, nodes, layout);
        x = masks.Of(new GradientScope(graph, nodes.FloatType, "/embeddings"), x, DropoutRows.Tokens, layout.Shape.Width, dropout.Hidden)?.Value ?? x;
        BlockGradient[] blocks = [.. layout.Blocks.Select(block => new BlockGradient(nodes, layout, block, heads, learnt.Trained, masks))];
        foreach (var block in blocks)
        {
            x = block.Forward(x, first);
        }

        var head = new HeadGradient(graph, nodes, VariantNodes.Head(layout), learnt.Trained, masks);
        var judged = new LossGradient(graph, config, loss, head.Forward(x));
        var d = head.Backward(judged.Gradient(), asksInput: Array.Exists(blocks, block => block.Learns));
        for (var place = blocks.Length - 1; d is not null; place--)
        {
            d = blocks[place].Backward(d, asksInput: blocks[..place].Any(block => block.Learns));
        }

        graph.Output(graph.Node("Identity", TrainingInputs.Loss, [judged.Value]), DataType.Float);
        learnt.GiveGradients();
        return TrainingModel.Of(graph.Build([]), weights, set, masks.Places);
    }

    // Letters: B texts, T rows, W the width that attention is padded to, H width of the hidden state.
    private static (string X, TextHeads Heads, string First) Embed(GraphBuilder graph, EncoderNodes nodes, EncoderLayout layout)
    {
        var ids = graph.Input(TrainingInputs.Ids, DataType.Int32, "tokens");
        var positions = graph.Input(TrainingInputs.Positions, DataType.Int32, "tokens");
        var slots = graph.Input(TrainingInputs.Slots, DataType.Int32, "texts", "width");
        var rows = graph.Input(TrainingInputs.Rows, DataType.Int32, "tokens");
        var padding = graph.Input(TrainingInputs.Padding, DataType.Float, "texts", "1", "1", "width");
        var first = graph.Input(TrainingInputs.First, DataType.Int32, "texts");
        var shape = graph.Node("Shape", "/shape", [slots]);
        string Part(string name, long axis) => graph.Node("Slice", $"/shape/{name}", [shape, graph.Int64s(axis), graph.Int64s(axis + 1)]);
        var heads = new TextHeads(graph, layout.Shape, Part("texts", 0), Part("width", 1), padding, (slots, rows));
        return (nodes.Embed(ids, positions), heads, first); // [T, H]
    }
}
