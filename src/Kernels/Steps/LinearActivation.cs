namespace LoraOnnx.Kernels.Steps;

/// <summary>What follows x·Wᵀ + b at once, while it is in a register.</summary>
public enum LinearActivation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The exact GELU.</summary>
    Gelu,

    /// <summary>The GELU that is made of tanh.</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,
}
