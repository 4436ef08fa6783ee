using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Loop;

/// <summary>A learner among the texts of a run: knows which batch a list of text indices is.</summary>
internal interface ITrainer : IDisposable
{
    /// <summary>Numbers that training changes.</summary>
    long TrainedParameters { get; }

    /// <summary>True once the model answers otherwise than at the start of the phase.</summary>
    bool HasChanged { get; }

    /// <summary>One optimizer step on training texts given by their indices.</summary>
    StepResult Step(IReadOnlyList<int[]> parts, LearningRates rates);

    /// <summary>Logits of validation texts, in their order.</summary>
    float[][] Logits(TextSet texts, CancellationToken cancellationToken);

    /// <summary>The trained weights as they are now.</summary>
    TrainedWeights Export();

    /// <summary>A copy of all that training changes.</summary>
    LearnerState Save();

    /// <summary>Goes back to a saved state.</summary>
    void Restore(LearnerState state);
}
