using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Products;

/// <summary>Rows of fp32 in steps of a format.</summary>
internal static unsafe class FloatRows<TSteps>
    where TSteps : struct, IStepFormat
{
    /// <summary>Writes row · scale; from <paramref name="length"/> to the end of the last step there are zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Place(float* row, int length, float scale, byte* place)
    {
        var whole = length - (length % Vector512<float>.Count);
        for (var i = 0; i < whole; i += Vector512<float>.Count)
        {
            TSteps.Store(Vector512.Load(row + i) * scale, place, i);
        }

        for (var i = whole; i < Steps(length) * TSteps.Numbers; i++)
        {
            TSteps.Store(i < length ? row[i] * scale : 0, place, i);
        }
    }

    /// <summary>Steps of so many numbers.</summary>
    public static int Steps(int numbers) => (numbers + TSteps.Numbers - 1) / TSteps.Numbers;
}
