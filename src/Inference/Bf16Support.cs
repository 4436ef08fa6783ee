using LoraOnnx.Kernels;

namespace LoraOnnx.Inference;

/// <summary>Whether layers can be computed in bf16 here.</summary>
internal static class Bf16Support
{
    /// <summary>The kernels, or null: then <see cref="Refusal"/> says why.</summary>
    public static KernelSet? Kernels { get; } = KernelSet.FindBf16().Kernels;

    /// <summary>Why there are none: the processor lacks the instructions, or the system lets no memory become executable.</summary>
    public static string? Refusal { get; } = KernelSet.FindBf16().Refusal;
}
