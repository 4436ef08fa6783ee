using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Engine;

/// <summary>How a learner learns. Learning rates come with each step.</summary>
internal sealed record LearnerOptions
{
    /// <summary>Train the head beside adapters.</summary>
    public bool TrainHead { get; init; }

    /// <summary>Type of the frozen base.</summary>
    public BasePrecision Precision { get; init; }

    /// <summary>Decides new adapters and all dropout.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>How the seed becomes random numbers.</summary>
    public RunRules Rules { get; init; } = RunRules.Current;

    /// <summary>Dropout of the checkpoint's config after embeddings, after the feed-forward part and before the classifier.</summary>
    public bool BodyDropout { get; init; } = true;

    /// <summary>Dropout of attention weights as in the checkpoint's config.</summary>
    public bool AttentionDropout { get; init; }

    /// <summary>Share of the target spread evenly over all classes, 0 to 1.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>
    /// How much a text of each class counts; for a model of several labels, how much a label counts where it holds. Null: all alike.
    /// </summary>
    public IReadOnlyList<double>? ClassWeights { get; init; }

    /// <summary>Constants of AdamW and clipping.</summary>
    public OptimizerConstants Optimizer { get; init; } = new();
}

/// <summary>AdamW as torch defines it, with Hugging Face's rule that biases and layer norms do not decay.</summary>
internal sealed record OptimizerConstants
{
    /// <summary>Shrinks weights by this share of the learning rate at each step.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Decay of the mean gradient.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean squared gradient.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the mean squared gradient.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Longest gradient (L2 norm over all trained tensors) that is applied as it is; 0 turns clipping off.</summary>
    public double ClipNorm { get; init; } = 1.0;
}
