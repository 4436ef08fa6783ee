using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Steps;

/// <summary>A <see cref="LinearActivation"/> on sixteen numbers in a register; a type each, so that a loop is compiled for each.</summary>
internal interface IActivation
{
    /// <summary>The activation of each lane.</summary>
    static abstract Vector512<float> Of(Vector512<float> x);
}

/// <summary>Work that ends with an activation.</summary>
internal interface IActivationWork
{
    /// <summary>Does it.</summary>
    void Run<TActivation>()
        where TActivation : struct, IActivation;
}

/// <summary>x.</summary>
internal readonly struct Identity : IActivation
{
    /// <inheritdoc/>
    public static Vector512<float> Of(Vector512<float> x) => x;
}

/// <summary>max(x, 0).</summary>
internal readonly struct Relu : IActivation
{
    /// <inheritdoc/>
    public static Vector512<float> Of(Vector512<float> x) => Vector512.MaxNative(Vector512<float>.Zero, x); // the second where one is NaN
}
