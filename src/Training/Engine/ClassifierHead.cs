using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>pre_classifier, ReLU, dropout, classifier; and the loss on its logits. All fp32.</summary>
internal static class ClassifierHead
{
    /// <summary>The head's tensors as trained ones start.</summary>
    public static IEnumerable<ParameterSpec> Specs(ModelWeights weights) => DistilBertTensors.HeadKeys.Select(key =>
        new ParameterSpec(weights[key], weights[key].Shape.Count == 1 ? ParameterKind.HeadBias : ParameterKind.HeadWeight));

    /// <summary>Logits [texts, labels] of features [texts, width].</summary>
    /// <param name="features">What the encoder gives.</param>
    /// <param name="tensorOf">The head's tensors by key, and its adapters' by the names of <see cref="AdapterNames"/>; null where there is no adapter.</param>
    /// <param name="plan">How adapters work; null when there are none.</param>
    /// <param name="dropout">The pass's dropout; null outside of training.</param>
    /// <param name="dropProbability">Dropout before the classifier.</param>
    public static Tensor Forward(Tensor features, Func<string, Tensor?> tensorOf, AdapterPlan? plan, Dropout? dropout, double dropProbability)
    {
        var hidden = nn.functional.relu(Linear(features, DistilBertTensors.PreClassifier, tensorOf, plan, dropout));
        hidden = dropout?.Mask(hidden, dropProbability)?.Apply(hidden) ?? hidden;
        return Linear(hidden, DistilBertTensors.Classifier, tensorOf, plan, dropout);
    }

    /// <summary>Sum over texts: cross-entropy, or for a multi-label model the mean over labels of each label's binary cross-entropy.</summary>
    public static Tensor Loss(Tensor logits, IReadOnlyList<IReadOnlyList<int>> labels, DistilBertConfig config, double smoothing)
    {
        if (config.Task.ProblemType == ProblemType.SingleLabel)
        {
            var classes = ComputeDevices.Upload([.. labels.Select(label => (long)label[0])], logits.device);
            return nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.Sum, label_smoothing: smoothing);
        }

        var count = config.Task.Labels.Count;
        var targets = new float[labels.Count * count];
        Array.Fill(targets, (float)(smoothing / 2));
        for (var text = 0; text < labels.Count; text++)
        {
            foreach (var label in labels[text])
            {
                targets[(text * count) + label] = (float)(1 - (smoothing / 2));
            }
        }

        using var share = (1.0 / count).ToScalar();
        return nn.functional.binary_cross_entropy_with_logits(logits, tensor(targets).view(labels.Count, count).to(logits.device), reduction: nn.Reduction.Sum).mul(share);
    }

    /// <summary>x·Wᵀ + b + scale·(x·Aᵀ)·Bᵀ; with DoRA, W + scale·B·A has its rows rescaled to the trained magnitudes.</summary>
    private static Tensor Linear(Tensor x, string module, Func<string, Tensor?> tensorOf, AdapterPlan? plan, Dropout? dropout)
    {
        var (weight, bias) = (tensorOf($"{module}.weight")!, tensorOf($"{module}.bias")!); // every head has its four tensors
        if (plan is null || tensorOf(AdapterNames.A(module)) is not { } a || tensorOf(AdapterNames.B(module)) is not { } b)
        {
            return nn.functional.linear(x, weight, bias);
        }

        using var scale = plan.Scale.ToScalar();
        var input = dropout?.Mask(x, plan.Dropout)?.Apply(x) ?? x;
        var update = nn.functional.linear(nn.functional.linear(input, a), b.mul(scale));
        if (tensorOf(AdapterNames.Magnitude(module)) is not { } magnitude)
        {
            return nn.functional.linear(x, weight, bias) + update;
        }

        var norms = linalg.vector_norm(weight.detach() + b.detach().mm(a.detach()).mul(scale), 2, [1]); // a constant for the gradient, as DoRA defines it
        return ((nn.functional.linear(x, weight) + update) * (magnitude / norms)) + bias;
    }
}
