using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Steps;

/// <summary>x·Φ(x) = x/2·(1 + erf(x/√2)), the exact form: erf is within a unit of fp32's last place.</summary>
internal readonly struct Gelu : IActivation
{
    private const float OneOverSqrt2 = 0.70710678f;

    /// <summary>Where the odd polynomial hands over to 1 - eᵖ.</summary>
    private const float Split = 475f / 512;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x)
    {
        var half = x * 0.5f;
        return Vector512.FusedMultiplyAdd(half, Erf(x * OneOverSqrt2), half);
    }

    // Coefficients by N. Juffa (forums.developer.nvidia.com, 2015): minimax on each side of the split.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Erf(Vector512<float> x)
    {
        var (size, square) = (Vector512.Abs(x), x * x);
        var near = Vector512.Create(-5.96761703e-4f);
        near = Vector512.FusedMultiplyAdd(near, square, Vector512.Create(4.99119423e-3f));
        near = Vector512.FusedMultiplyAdd(near, square, Vector512.Create(-2.67681349e-2f));
        near = Vector512.FusedMultiplyAdd(near, square, Vector512.Create(1.12819925e-1f));
        near = Vector512.FusedMultiplyAdd(near, square, Vector512.Create(-3.76125336e-1f));
        near = Vector512.FusedMultiplyAdd(near, square, Vector512.Create(1.28379166e-1f));
        near = Vector512.FusedMultiplyAdd(near, x, x);

        var far = Vector512.FusedMultiplyAdd(Vector512.Create(-1.72853470e-5f), size, Vector512.Create(3.83197126e-4f));
        var middle = Vector512.FusedMultiplyAdd(Vector512.Create(-3.88396438e-3f), size, Vector512.Create(2.42546219e-2f));
        far = Vector512.FusedMultiplyAdd(far, square, middle);
        far = Vector512.FusedMultiplyAdd(far, size, Vector512.Create(-1.06777877e-1f));
        far = Vector512.FusedMultiplyAdd(far, size, Vector512.Create(-6.34846687e-1f));
        far = Vector512.FusedMultiplyAdd(far, size, Vector512.Create(-1.28717512e-1f));
        far = Vector512.FusedMultiplyAdd(far, size, -size);
        far = Vector512.CopySign(Vector512<float>.One - Exponential.Of(far), x);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(size, Vector512.Create(Split)), far, near);
    }
}
