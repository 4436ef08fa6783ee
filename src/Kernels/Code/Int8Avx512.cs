using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Code;

/// <summary>
/// AVX512-VNNI: <c>vpdpbusd</c>, four products of an unsigned and a signed byte a lane, summed in int32. .NET has no name for it on 512 bits.
/// </summary>
internal static class Int8Avx512
{
    private static readonly Lazy<(IProductTile? Tile, string? Refusal)> _found = new(() => ProcessorFeatures.HasAvx512Vnni
        ? EmittedTile.Emit(static (code, sums, activations, weights) => code.vpdpbusd(sums, activations, weights))
        : (null, "this processor has no AVX512-VNNI"));

    /// <summary>The tile, or why there is none.</summary>
    public static (IProductTile? Tile, string? Refusal) Find() => _found.Value;
}
