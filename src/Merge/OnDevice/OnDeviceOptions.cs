using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Merge.OnDevice;

/// <summary>What lora-merge shall make for training on a device, or take back from there.</summary>
internal sealed record OnDeviceOptions
{
    /// <summary>Folder to write the training artifacts into, or null.</summary>
    public string? Artifacts { get; init; }

    /// <summary>A checkpoint that was trained on a device, or null.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>What is trained; null: what was given with the model, else the head.</summary>
    public TrainingMethod? Method { get; init; }

    /// <summary>Inner width of new adapters.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>New adapters are scaled by alpha/rank; null: twice the rank.</summary>
    public double? Alpha { get; init; }

    /// <summary>Modules that get new adapters.</summary>
    public IReadOnlyList<string> Targets { get; init; } = AdapterTargets.Default;

    /// <summary>The optimizer as <c>onnxruntime.training.artifacts</c> writes it, instead of torch's.</summary>
    public bool HuggingFaceAdamW { get; init; }
}
