using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Steps;

/// <summary>x/2·(1 + tanh(u)) with u = √(2/π)·(x + 0.044715·x³), written as x / (1 + e⁻²ᵘ).</summary>
internal readonly struct GeluTanh : IActivation
{
    private const float TwiceSqrtOfTwoOverPi = 1.59576912f;
    private const float Cubic = 0.044715f;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x)
    {
        var twice = TwiceSqrtOfTwoOverPi * x * Vector512.FusedMultiplyAdd(x * Cubic, x, Vector512<float>.One);
        var power = Exponential.Of(-Vector512.Abs(twice)); // of the negative size, so that it never grows beyond 1
        var above = Vector512.ConditionalSelect(Vector512.LessThan(twice, Vector512<float>.Zero), power, Vector512<float>.One);
        return x * above / (Vector512<float>.One + power);
    }
}
