using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Steps;

/// <summary>Activations chosen by name.</summary>
internal static unsafe class Activations
{
    /// <summary>Does work with an activation, for each of which it is compiled.</summary>
    public static void With<TWork>(LinearActivation activation, TWork work)
        where TWork : struct, IActivationWork
    {
        switch (activation)
        {
            case LinearActivation.Gelu:
                work.Run<Gelu>();
                break;
            case LinearActivation.GeluTanh:
                work.Run<GeluTanh>();
                break;
            case LinearActivation.Relu:
                work.Run<Relu>();
                break;
            default:
                work.Run<Identity>();
                break;
        }
    }

    /// <summary>Replaces numbers that are in memory already, as many as whole vectors hold, by their activations: the same bits as at the end of a
    /// product.</summary>
    public static void Apply(LinearActivation activation, float* numbers, nint count)
    {
        if (activation != LinearActivation.None)
        {
            With(activation, new InPlace(numbers, count));
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

    private readonly struct InPlace(float* numbers, nint count) : IActivationWork
    {
        public void Run<TActivation>()
            where TActivation : struct, IActivation => Apply<TActivation>(numbers, count);
    }
}
