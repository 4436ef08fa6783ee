using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Loop;

/// <summary>What learns in a phase: adapters (and head) through the whole encoder, or the head on features.</summary>
internal interface ITrainer : IDisposable
{
    /// <summary>Numbers that training changes.</summary>
    long TrainedParameters { get; }

    /// <summary>One optimizer step on training texts given by their indices.</summary>
    StepResult Step(IReadOnlyList<int[]> parts, LearningRates rates);

    /// <summary>Logits of validation texts, in their order.</summary>
    float[][] Logits(TextSet texts, CancellationToken cancellationToken);

    /// <summary>The trained weights as they are now.</summary>
    TrainedWeights Export();

    /// <summary>A copy of all that training changes.</summary>
    EngineState SaveState();

    /// <summary>Goes back to a saved state.</summary>
    void RestoreState(EngineState state);
}

/// <summary>Rates of one step.</summary>
internal readonly record struct LearningRates(double Adapter, double Head)
{
    /// <summary>Both rates, multiplied.</summary>
    public LearningRates Times(double factor) => new(Adapter * factor, Head * factor);
}

/// <summary>What a run leaves: adapters, a head (four tensors), or both.</summary>
internal sealed record TrainedWeights(LoraAdapter? Adapter, IReadOnlyList<NamedTensor>? Head);
