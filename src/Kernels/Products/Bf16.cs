using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Products;

/// <summary>fp32 to bf16: the upper half, to the nearest, ties to even.</summary>
internal static class Bf16
{
    /// <summary>One number.</summary>
    public static ushort Of(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Sixteen numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Narrow(Vector512<float> values)
    {
        var bits = values.AsUInt32();
        var rounded = (bits + Vector512.Create(0x7fffu) + ((bits >> 16) & Vector512<uint>.One)) >> 16;
        var quiet = (bits >> 16) | Vector512.Create(0x40u); // a NaN must not be carried into infinity
        var either = Vector512.ConditionalSelect(Vector512.Equals(values, values).AsUInt32(), rounded, quiet);
        return Vector512.Narrow(either, either).GetLower();
    }
}
