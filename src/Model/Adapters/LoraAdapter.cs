using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Adapters;

/// <summary>A PEFT LoRA adapter in memory: low-rank updates, and tensors that replace those of the base (a trained head, trained biases).</summary>
public sealed class LoraAdapter
{
    /// <summary>Takes the parts over.</summary>
    public LoraAdapter(IReadOnlyList<LoraModule> modules, IReadOnlyList<NamedTensor> replacements)
    {
        Modules = modules;
        Replacements = replacements;
    }

    /// <summary>One entry per adapted linear module, in the order of the checkpoint.</summary>
    public IReadOnlyList<LoraModule> Modules { get; }

    /// <summary>Tensors that take the place of the base's, by checkpoint key such as <c>classifier.weight</c>.</summary>
    public IReadOnlyList<NamedTensor> Replacements { get; }

    /// <summary>Notes for the user: unknown harmless keys and the like.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Where it was read from, for messages; null when it was not read from a directory.</summary>
    public string? Directory { get; init; }

    /// <summary>SHA-256 of the adapter's tensor file, or null when it was not read from a file.</summary>
    public string? ContentHash { get; init; }

    /// <summary>Trained numbers: all of A, B, their biases and magnitudes, and the replacements.</summary>
    public long ParameterCount =>
        Modules.SelectMany(module => module.Tensors).Concat(Replacements).Sum(tensor => tensor.Values.LongLength);

    /// <summary>Classes of the head that an adapter brings, or null where it brings none.</summary>
    /// <exception cref="InputException">The tensor file is missing or malformed.</exception>
    public static int? Classes(string directory, ModelConfig config) => PeftAdapterReader.Classes(directory, config);

    /// <summary>Reads adapter_config.json and adapter_model.safetensors as <c>peft</c> writes them.</summary>
    /// <exception cref="InputException">A file is missing or malformed, does not fit the model, or sets a key that changes the maths and is not
    /// supported.</exception>
    public static LoraAdapter Load(string directory, ModelConfig config) => PeftAdapterReader.Load(directory, config);
}
