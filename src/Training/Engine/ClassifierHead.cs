using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>pre_classifier, ReLU, dropout, classifier; and the loss on its logits. All fp32.</summary>
internal static class ClassifierHead
{
    /// <summary>The head's tensors as trained ones start.</summary>
    public static IEnumerable<ParameterSpec> Specs(ModelWeights weights) => DistilBertTensors.HeadKeys.Select(key =>
        new ParameterSpec(weights[key], weights[key].Shape.Count == 1 ? ParameterKind.HeadBias : ParameterKind.HeadWeight));

    /// <summary>Logits [texts, labels] of features [texts, width].</summary>
    public static Tensor Forward(Tensor features, Func<string, Tensor> tensorOf, double dropout)
    {
        var hidden = nn.functional.relu(nn.functional.linear(features, tensorOf("pre_classifier.weight"), tensorOf("pre_classifier.bias")));
        hidden = dropout > 0 ? nn.functional.dropout(hidden, dropout, training: true) : hidden;
        return nn.functional.linear(hidden, tensorOf("classifier.weight"), tensorOf("classifier.bias"));
    }

    /// <summary>Sum over texts: cross-entropy, or for a multi-label model the mean over labels of each label's binary cross-entropy.</summary>
    public static Tensor Loss(Tensor logits, IReadOnlyList<IReadOnlyList<int>> labels, DistilBertConfig config, double smoothing)
    {
        if (config.ProblemType == ProblemType.SingleLabel)
        {
            var classes = ComputeDevices.Upload([.. labels.Select(label => (long)label[0])], logits.device);
            return nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.Sum, label_smoothing: smoothing);
        }

        var count = config.Labels.Count;
        var targets = new float[labels.Count * count];
        Array.Fill(targets, (float)(smoothing / 2));
        for (var text = 0; text < labels.Count; text++)
        {
            foreach (var label in labels[text])
            {
                targets[(text * count) + label] = (float)(1 - (smoothing / 2));
            }
        }

        return nn.functional.binary_cross_entropy_with_logits(logits, tensor(targets).view(labels.Count, count).to(logits.device), reduction: nn.Reduction.Sum) / count;
    }
}
