using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Training.Engine;

/// <summary>A library that computes: makes frozen encoders and learners of a model. Its own business are device, threads and memory; the loop knows
/// steps and phases only.</summary>
internal interface ITrainingEngine
{
    /// <summary>What --engine calls it, for run.json.</summary>
    string Name { get; }

    /// <summary>What computes.</summary>
    Machine Machine { get; }

    /// <summary>Names and versions of the libraries that compute, for run.json.</summary>
    IReadOnlyDictionary<string, string> Libraries { get; }

    /// <summary>The model as it is: base, or base with adapters (and a head) beside it. Nothing for learning is allocated.</summary>
    IEncoder Encoder(ModelWeights weights, LoraAdapter? adapter, BasePrecision precision);

    /// <summary>Adapters that learn, and with <see cref="LearnerOptions.TrainHead"/> the head with them, through the whole encoder.</summary>
    /// <exception cref="InputException">An adapter on a head that is trained in full.</exception>
    ILearner<PackedBatch> Adapters(ModelWeights weights, AdapterPlan plan, LearnerOptions options);

    /// <summary>The head that learns, on features.</summary>
    ILearner<FeatureBatch> Head(ModelWeights weights, LearnerOptions options);
}
