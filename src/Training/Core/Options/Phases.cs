using System.Text.Json.Serialization;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Options;

/// <summary>A stretch of training with one learner and one schedule: what learns, how long and how fast.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "learns")]
[JsonDerivedType(typeof(AdapterPhase), "lora")]
[JsonDerivedType(typeof(JointPhase), "lora+head")]
[JsonDerivedType(typeof(HeadPhase), "head")]
internal interface IPhase
{
    /// <summary><c>lora</c>, <c>head</c> or <c>lora+head</c>, as log, report and display call the phase.</summary>
    [JsonIgnore]
    string Name { get; }

    /// <summary>Passes over the training texts.</summary>
    int Epochs { get; }

    /// <summary>Evaluations in an epoch.</summary>
    double EvaluationsPerEpoch { get; }

    /// <summary>Peak learning rates.</summary>
    [JsonIgnore]
    LearningRates Peak { get; }
}

/// <summary>Adapters learn, through the whole encoder; the head stays as it is.</summary>
internal sealed record AdapterPhase(int Epochs, double EvaluationsPerEpoch, double LearningRate) : IPhase
{
    [JsonIgnore]
    public string Name => "lora";

    [JsonIgnore]
    public LearningRates Peak => new(LearningRate, 0);
}

/// <summary>Adapters and head learn together; a head of rate 0 stays as it began, and is kept with the adapters.</summary>
internal sealed record JointPhase(int Epochs, double EvaluationsPerEpoch, double LearningRate, double HeadLearningRate) : IPhase
{
    [JsonIgnore]
    public string Name => "lora+head";

    [JsonIgnore]
    public LearningRates Peak => new(LearningRate, HeadLearningRate);
}

/// <summary>The head learns, on features of a frozen encoder: the base, or with <paramref name="OnAdapters"/> the base with the adapters of the phase
/// before.</summary>
internal sealed record HeadPhase(int Epochs, double EvaluationsPerEpoch, double HeadLearningRate, bool OnAdapters) : IPhase
{
    [JsonIgnore]
    public string Name => "head";

    [JsonIgnore]
    public LearningRates Peak => new(0, HeadLearningRate);
}
