using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>One tensor of an adapter.</summary>
/// <param name="Suffix">Its name after that of the module, as <c>peft</c> writes it: <c>lora_A.weight</c>.</param>
/// <param name="Part">What it is.</param>
/// <param name="Shape">Its shape in an adapter of that size.</param>
public sealed record AdapterKey(string Suffix, AdapterPart Part, Func<AdapterSize, int[]> Shape)
{
    /// <summary>The tensor's name, as <c>peft</c> writes it, without its prefix.</summary>
    public string NameIn(string module) => $"{module}.{Suffix}";

    /// <summary>The tensor of a module, whose kind has this key.</summary>
    public NamedTensor Of(LoraModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        return module.Own[Suffix];
    }
}

/// <summary>Numbers in a row of A, and of the weight [out, in].</summary>
public readonly record struct AdapterSize(int Rank, int Out, int In);

/// <summary>What a tensor of an adapter is: decides its learning rate. In the order in which they lie in a checkpoint of training.</summary>
public enum AdapterPart
{
    /// <summary>A [rank, in], or what makes it.</summary>
    Down,

    /// <summary>B [out, rank], or what makes it; LoRA+ gives it a rate of its own.</summary>
    Up,

    /// <summary>The lengths of the rows of W + scale·B·A [out].</summary>
    Magnitude,

    /// <summary>Does not learn, and need not be there.</summary>
    Fixed,
}
