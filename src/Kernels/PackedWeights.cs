using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels;

/// <summary>The weights of a linear, rounded and laid out for this processor's kernels (<see cref="KernelSet"/>).</summary>
public sealed class PackedWeights
{
    internal PackedWeights(IRoundedWeights rounded) => Rounded = rounded;

    internal IRoundedWeights Rounded { get; }
}
