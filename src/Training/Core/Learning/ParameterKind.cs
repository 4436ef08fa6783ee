using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Learning;

/// <summary>What a trained tensor is: decides its learning rate and whether it decays. In the order in which they lie in memory.</summary>
internal enum ParameterKind
{
    /// <summary>A of an adapter.</summary>
    AdapterDown,

    /// <summary>B of an adapter; LoRA+ gives it a rate of its own.</summary>
    AdapterUp,

    /// <summary>Lengths of the rows of an adapted weight (DoRA).</summary>
    AdapterMagnitude,

    /// <summary>A weight of the head.</summary>
    HeadWeight,

    /// <summary>A bias of the head; does not decay.</summary>
    HeadBias,
}

/// <summary>A trained tensor as it starts.</summary>
internal readonly record struct ParameterSpec(NamedTensor Initial, ParameterKind Kind);
