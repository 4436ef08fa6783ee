using System.Runtime.Intrinsics;

namespace LoraOnnx.Kernels.Products;

/// <summary>Four products of bytes a lane, summed in int32, on 256 bits.</summary>
internal interface IDot256
{
    /// <summary>sums + activations · weights.</summary>
    static abstract Vector256<int> Add(Vector256<int> sums, Vector256<byte> activations, Vector256<sbyte> weights);
}
