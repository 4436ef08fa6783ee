using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Steps;

/// <summary>An activation over rows that are in memory already: the same bits as at the end of a product.</summary>
internal static unsafe class Activations
{
    /// <summary>Replaces numbers, as many as whole vectors hold, by their activations.</summary>
    public static void Apply(LinearActivation activation, float* numbers, nint count)
    {
        switch (activation)
        {
            case LinearActivation.Gelu:
                Apply<Gelu>(numbers, count);
                break;
            case LinearActivation.GeluTanh:
                Apply<GeluTanh>(numbers, count);
                break;
            case LinearActivation.Relu:
                Apply<Relu>(numbers, count);
                break;
            default:
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TActivation>(float* numbers, nint count)
        where TActivation : struct, IActivation
    {
        for (nint i = 0; i < count; i += Vector512<float>.Count)
        {
            TActivation.Of(Vector512.Load(numbers + i)).Store(numbers + i);
        }
    }
}
