using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Engine;

/// <summary>All that changes while training: restored into a learner of the same options, training goes on bit by bit as if it had never
/// stopped.</summary>
internal sealed class LearnerState
{
    /// <summary>Takes the tensors over.</summary>
    public LearnerState(long step, IReadOnlyList<NamedTensor> tensors)
    {
        Step = step;
        Tensors = tensors;
    }

    /// <summary>Optimizer steps done. Dropout depends on the seed and this number alone, so there is no other generator state.</summary>
    public long Step { get; }

    /// <summary>The trained tensors by name, each with its two moments under the same name and <c>.exp_avg</c> or <c>.exp_avg_sq</c>.</summary>
    public IReadOnlyList<NamedTensor> Tensors { get; }
}
