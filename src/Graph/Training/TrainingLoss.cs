using LoraOnnx.Graph.Gradients;
using LoraOnnx.Model.Configuration;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph.Training;

/// <summary>How answers are judged.</summary>
/// <param name="LabelSmoothing">Share of the target spread over all classes.</param>
/// <param name="ClassWeights">How much each class counts; null: all alike.</param>
public sealed record TrainingLoss(double LabelSmoothing, IReadOnlyList<double>? ClassWeights);

/// <summary>The loss of a part of a step, and its derivative by the logits.</summary>
internal sealed class LossGradient
{
    private readonly GradientScope _scope;
    private readonly bool _isMultiLabel;
    private readonly string _logits;
    private readonly string _targets; // [B, K]
    private readonly string _weights; // [K]
    private readonly string _normalizer;

    // Letters: B texts, K labels.
    public LossGradient(GraphBuilder graph, ModelConfig config, TrainingLoss loss, string logits)
    {
        var classes = config.Task.Labels.Count;
        (_scope, _isMultiLabel, _logits) = (new GradientScope(graph, DataType.Float, "/loss"), config.Task.IsMultiLabel, logits);
        float[] weights = [.. (loss.ClassWeights ?? Enumerable.Repeat(1.0, classes)).Select(weight => (float)weight)];
        _weights = graph.Initializer(Tensors.Create("class_weights", DataType.Float, weights, classes));
        var labels = graph.Input(TrainingInputs.Labels, DataType.Float, "texts", $"{classes}");
        var weight = graph.Input(TrainingInputs.Weight, DataType.Float);
        _normalizer = _isMultiLabel ? _scope.Node("Mul", "labels_of_texts", [weight, _scope.Number(classes)]) : weight;
        _targets = _isMultiLabel ? BinaryCrossEntropyRule.Targets(_scope, labels, loss.LabelSmoothing)
            : CrossEntropyRule.Targets(_scope, labels, _weights, loss.LabelSmoothing, classes);
        Value = _isMultiLabel ? BinaryCrossEntropyRule.Loss(_scope, logits, _targets, _weights, _normalizer)
            : CrossEntropyRule.Loss(_scope, logits, _targets, _normalizer);
    }

    /// <summary>The loss.</summary>
    public string Value { get; }

    /// <summary>Its derivative by the logits.</summary>
    public string Gradient() => _isMultiLabel ? BinaryCrossEntropyRule.Logits(_scope, _logits, _targets, _weights, _normalizer)
        : CrossEntropyRule.Logits(_scope, _logits, _targets, _normalizer);
}
