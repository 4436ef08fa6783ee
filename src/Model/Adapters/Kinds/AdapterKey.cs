using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Adapters.Kinds;

/// <summary>One tensor that an adapter trains.</summary>
/// <param name="Suffix">Its name after that of the module, as <c>peft</c> writes it: <c>lora_A.weight</c>.</param>
/// <param name="Part">What it is.</param>
/// <param name="Of">The tensor of a module.</param>
public sealed record AdapterKey(string Suffix, AdapterPart Part, Func<LoraModule, NamedTensor> Of)
{
    /// <summary>The tensor's name, as <c>peft</c> writes it, without its prefix.</summary>
    public string NameIn(string module) => $"{module}.{Suffix}";
}

/// <summary>What a trained tensor of an adapter is: decides its learning rate. In the order in which they lie in a checkpoint of training.</summary>
public enum AdapterPart
{
    /// <summary>A [rank, in].</summary>
    Down,

    /// <summary>B [out, rank]; LoRA+ gives it a rate of its own.</summary>
    Up,

    /// <summary>DoRA's magnitude [out].</summary>
    Magnitude,
}
