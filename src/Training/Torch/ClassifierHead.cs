using LoraOnnx.Model;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Training.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>The linear steps after the encoder's blocks: the pooler, the head; and the loss on the logits. All fp32.</summary>
internal static class ClassifierHead
{
    /// <summary>What the steps make of features [texts, width]: logits [texts, labels], where they end with the head.</summary>
    /// <param name="features">What the first step reads.</param>
    /// <param name="steps">The steps in order.</param>
    /// <param name="tensors">The head's tensors and adapters.</param>
    /// <param name="dropout">The pass's dropout; null outside of training.</param>
    public static Tensor Forward(Tensor features, IReadOnlyList<HeadLinear> steps, HeadTensors tensors, HeadDropout? dropout)
    {
        var x = features;
        foreach (var step in steps)
        {
            x = step.DropsInput ? dropout?.Pass.Mask(x, dropout.BeforeClassifier)?.Apply(x) ?? x : x;
            x = Linear(x, step.Linear.Name, tensors, dropout);
            x = step.Activation is { } activation ? TorchActivation.Of(activation)(x) : x;
        }

        return x;
    }

    /// <summary>
    /// Sum over texts: cross-entropy, times the weight of the text's class; or for a multi-label model the mean over labels of each label's binary
    /// cross-entropy, in which a label that holds counts by its weight.
    /// </summary>
    public static Tensor Loss(Tensor logits, IReadOnlyList<IReadOnlyList<int>> labels, ModelConfig config, LearnerOptions options)
    {
        var (smoothing, weights) = (options.LabelSmoothing, options.ClassWeights is { } all ? tensor([.. all.Select(weight => (float)weight)])
            .to(logits.device) : null);
        if (config.Task.ProblemType == ProblemType.SingleLabel)
        {
            var classes = TorchDevice.Upload([.. labels.Select(label => (long)label[0])], logits.device);
            return nn.functional.cross_entropy(logits, classes, weights, reduction: nn.Reduction.Sum, label_smoothing: smoothing);
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
        return nn.functional.binary_cross_entropy_with_logits(
            logits, tensor(targets).view(labels.Count, count).to(logits.device), reduction: nn.Reduction.Sum, pos_weights: weights).mul(share);
    }

    /// <summary>x·Wᵀ + b + scale·(x·Aᵀ)·Bᵀ; where the adapter has a magnitude, the rows of W + scale·B·A are rescaled to it.</summary>
    private static Tensor Linear(Tensor x, string module, HeadTensors tensors, HeadDropout? dropout)
    {
        var (weight, bias) = (tensors.Of($"{module}.weight"), tensors.Of($"{module}.bias"));
        if (tensors.AdapterOf(module) is not { } adapter)
        {
            return nn.functional.linear(x, weight, bias);
        }

        using var scale = adapter.Scale.ToScalar();
        var input = dropout?.Pass.Mask(x, dropout.BeforeAdapters)?.Apply(x) ?? x;
        var (a, b) = (adapter.A, adapter.B);
        var update = nn.functional.linear(nn.functional.linear(input, a), b.mul(scale));
        if (adapter.Magnitude is not { } magnitude)
        {
            return nn.functional.linear(x, weight, bias).add(update, Scalars.One);
        }

        // a constant for the gradient, as DoRA defines it
        var norms = RowNorms.Of(weight.detach().add(b.detach().mm(a.detach()), scale));
        return nn.functional.linear(x, weight).add(update, Scalars.One).mul(magnitude / norms).add(bias, Scalars.One);
    }
}

/// <summary>Where a head's tensors are found: by key, and adapters by module.</summary>
internal readonly record struct HeadTensors(Func<string, Tensor> Of, Func<string, AdapterTensors?> AdapterOf)
{
    /// <summary>A head without adapters.</summary>
    public static HeadTensors Plain(Func<string, Tensor> of) => new(of, _ => null);
}

/// <summary>Dropout of a head in one pass, with the probability at each of its places.</summary>
internal sealed record HeadDropout(Dropout Pass, double BeforeClassifier, double BeforeAdapters);
