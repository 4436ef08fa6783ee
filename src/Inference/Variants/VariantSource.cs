using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Inference.Variants;

/// <summary>Where a variant of a base is read from.</summary>
/// <param name="Path">A run of lora-train, an adapter as peft saves it, or a directory with a head.</param>
/// <param name="Weight">What the adapter is multiplied by; a head and biases that it brings are taken whole.</param>
/// <param name="IsHead">A head only.</param>
public sealed record VariantSource(string Path, double Weight = 1, bool IsHead = false)
{
    /// <summary>What peft writes beside an adapter's tensors.</summary>
    internal const string AdapterConfig = "adapter_config.json";

    /// <summary>Whether a directory holds a run of lora-train or an adapter as peft saves it.</summary>
    public static bool IsAdapter(string directory) => File.Exists(System.IO.Path.Combine(directory, AdapterConfig)) || RunDirectory.IsRun(directory);

    /// <summary>Whether a directory holds the tensors of a head, and no configuration of a model.</summary>
    public static bool IsHeadOnly(string directory) => File.Exists(System.IO.Path.Combine(directory, Checkpoint.WeightsFileName));

    /// <summary>SHA-256 of the weights of the base that the files were trained on, as they say themselves; null where they do not.</summary>
    /// <exception cref="InputException">There are no such files.</exception>
    public string? BaseHash => VariantFiles.Find(this).BaseHash;
}
