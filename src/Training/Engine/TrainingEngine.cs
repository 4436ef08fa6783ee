using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Engine;

/// <summary>
/// DistilBERT with trainable adapters and head in libtorch. One thread at a time. <see cref="NativeTorch.Prepare"/> must have run.
/// </summary>
internal sealed class TrainingEngine : IDisposable
{
    /// <summary>How many steps a <see cref="StepResult"/> can be read back.</summary>
    public const int ResultsKept = 256;

    /// <summary>Builds the network on the device. Adapters start from <paramref name="initial"/> where given, else as the plan says; its replacements (a head) apply too.</summary>
    /// <exception cref="LoraOnnx.Model.InputException">Nothing to train, an adapter on a head that is trained in full, or a device that is not there.</exception>
    public static TrainingEngine Create(ModelWeights weights, EngineOptions options, LoraAdapter? initial = null) => throw new NotImplementedException();

    /// <summary>Numbers that training changes.</summary>
    public long TrainedParameters => throw new NotImplementedException();

    /// <summary>Optimizer steps done so far.</summary>
    public long StepCount => throw new NotImplementedException();

    /// <summary>Forward and backward over all micro-batches (loss: mean over all their texts), clipping, one AdamW update.</summary>
    /// <param name="microBatches">What makes one step; more than one is gradient accumulation. All with labels.</param>
    /// <param name="learningRate">Rate of the adapters.</param>
    /// <param name="headLearningRate">Rate of the head.</param>
    public StepResult Step(IReadOnlyList<PackedBatch> microBatches, double learningRate, double headLearningRate) => throw new NotImplementedException();

    /// <summary>Logits of each text, without dropout. A text's logits do not depend on its batch beyond rounding.</summary>
    public float[][] Logits(PackedBatch batch) => throw new NotImplementedException();

    /// <summary>[CLS] hidden state of each text after the last layer [width], without dropout: what the head sees.</summary>
    public float[][] Features(PackedBatch batch) => throw new NotImplementedException();

    /// <summary>Takes a head trained elsewhere (the four tensors of <see cref="DistilBertTensors.HeadKeys"/>) in place of the present one.</summary>
    public void SetHead(IReadOnlyList<NamedTensor> head) => throw new NotImplementedException();

    /// <summary>The adapters as they are now; the head under <see cref="LoraAdapter.Replacements"/> when it is trained.</summary>
    public LoraAdapter ExportAdapter() => throw new NotImplementedException();

    /// <summary>The four tensors of the head as they are now.</summary>
    public IReadOnlyList<NamedTensor> ExportHead() => throw new NotImplementedException();

    /// <summary>A copy of all that training changes.</summary>
    public EngineState SaveState() => throw new NotImplementedException();

    /// <summary>Goes back to a state of an engine with the same options.</summary>
    /// <exception cref="LoraOnnx.Model.InputException">The state has other tensors.</exception>
    public void RestoreState(EngineState state) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
