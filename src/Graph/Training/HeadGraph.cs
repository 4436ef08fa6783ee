using LoraOnnx.Graph.Gradients;
using LoraOnnx.Model.Checkpoints;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Training;

/// <summary>A head alone, on features.</summary>
internal static class HeadGraph
{
    /// <summary>Loss and gradients.</summary>
    public static TrainingModel Step(ModelWeights weights, TrainingLoss loss, TrainingDropout dropout)
    {
        var masks = new DropoutMasks(dropout);
        var (graph, set, learnt, head, logits) = Forward(weights, masks, "head-step");
        var judged = new LossGradient(graph, weights.Config, loss, logits);
        head.Backward(judged.Gradient(), asksInput: false);
        graph.Output(graph.Node("Identity", TrainingInputs.Loss, [judged.Value]), DataType.Float);
        learnt.GiveGradients();
        return TrainingModel.Of(graph.Build([]), weights, set, masks.Places);
    }

    /// <summary>Logits.</summary>
    public static TrainingModel Answers(ModelWeights weights)
    {
        var (graph, set, _, _, logits) = Forward(weights, DropoutMasks.None, "head-answers");
        graph.Output(graph.Node("Identity", TrainingInputs.Logits, [logits]), DataType.Float, "texts", $"{weights.Config.Task.Labels.Count}");
        return TrainingModel.Of(graph.Build([]), weights, set, []);
    }

    private static (GraphBuilder, WeightSet, LearntInputs, HeadGradient, string Logits) Forward(
        ModelWeights weights, DropoutMasks masks, string name)
    {
        var (config, layout, set) = (weights.Config, weights.Config.Layout, WeightSet.Of(weights));
        var graph = new GraphBuilder($"{config.Family.ModelType}-{name}", OnnxModelFile.DefaultOpset);
        var learnt = new LearntInputs(graph, layout, [], trainsHead: true);
        var nodes = new EncoderNodes(graph, layout, set, inputs: learnt.Names);
        var head = new HeadGradient(graph, nodes, layout.Head.Linears, learnt.Trained, masks);
        var features = graph.Input(TrainingInputs.Features, DataType.Float, "texts", $"{layout.Head.Linears[0].Linear.In}");
        return (graph, set, learnt, head, head.Forward(features));
    }
}
