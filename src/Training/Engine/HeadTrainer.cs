using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Engine;

/// <summary>
/// Trains pre_classifier and classifier on features made once by <see cref="TrainingEngine.Features"/>, with the engine's loss, dropout and optimizer.
/// One thread at a time. <see cref="NativeTorch.Prepare"/> must have run.
/// </summary>
internal sealed class HeadTrainer : IDisposable
{
    /// <summary>Starts from the head in <paramref name="weights"/>; of the options, those of adapters and body do not matter.</summary>
    public static HeadTrainer Create(ModelWeights weights, EngineOptions options) => throw new NotImplementedException();

    /// <summary>Numbers that training changes.</summary>
    public long TrainedParameters => throw new NotImplementedException();

    /// <summary>Optimizer steps done so far.</summary>
    public long StepCount => throw new NotImplementedException();

    /// <summary>Forward, backward, clipping, AdamW on one batch; <paramref name="labels"/> as in <see cref="PackedBatch"/>.</summary>
    public StepResult Step(IReadOnlyList<float[]> features, IReadOnlyList<IReadOnlyList<int>> labels, double learningRate) => throw new NotImplementedException();

    /// <summary>Logits of each row of features, without dropout.</summary>
    public float[][] Logits(IReadOnlyList<float[]> features) => throw new NotImplementedException();

    /// <summary>The four tensors of the head as they are now.</summary>
    public IReadOnlyList<NamedTensor> ExportHead() => throw new NotImplementedException();

    /// <summary>A copy of all that training changes.</summary>
    public EngineState SaveState() => throw new NotImplementedException();

    /// <summary>Goes back to a state of a trainer with the same options.</summary>
    /// <exception cref="LoraOnnx.Model.InputException">The state has other tensors.</exception>
    public void RestoreState(EngineState state) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
