using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Engine;

/// <summary>Weights that learn from batches of one kind: <see cref="PackedBatch"/> or <see cref="FeatureBatch"/>. One thread at a time; the owner
/// disposes.</summary>
internal interface ILearner<TBatch> : IDisposable
{
    /// <summary>Numbers that training changes.</summary>
    long TrainedParameters { get; }

    /// <summary>True once the model answers otherwise than at the start: some trained weight but A, which counts for nothing while B is 0, differs
    /// from its first value.</summary>
    bool HasChanged { get; }

    /// <summary>Forward and backward over all parts (loss: mean over all their texts), clipping, one AdamW update. All with labels.</summary>
    StepResult Step(IReadOnlyList<TBatch> parts, LearningRates rates);

    /// <summary>Logits of each text, without dropout.</summary>
    float[][] Logits(TBatch batch);

    /// <summary>The trained weights as they are now.</summary>
    TrainedWeights Export();

    /// <summary>A copy of all that training changes.</summary>
    LearnerState Save();

    /// <summary>Goes back to a state of a learner with the same options.</summary>
    /// <exception cref="InputException">The state has other tensors.</exception>
    void Restore(LearnerState state);
}
