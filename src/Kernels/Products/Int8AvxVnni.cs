using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LoraOnnx.Kernels.Products;

/// <summary>AVX-VNNI: <c>vpdpbusd</c> on 256 bits, through .NET's intrinsic.</summary>
internal readonly struct Int8AvxVnni : IDot256
{
    /// <summary>The tile, or why there is none.</summary>
    public static (IProductTile? Tile, string? Refusal) Find() =>
        AvxVnni.IsSupported ? (new Tile256<Int8AvxVnni>(), null) : (null, "this processor has no AVX-VNNI");

    /// <inheritdoc/>
    public static Vector256<int> Add(Vector256<int> sums, Vector256<byte> activations, Vector256<sbyte> weights) =>
        AvxVnni.MultiplyWideningAndAdd(sums, activations, weights);
}
