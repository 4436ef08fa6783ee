using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Code;

/// <summary>
/// AVX-512's <c>vfmadd231ps</c>, one product of fp32 a lane. .NET has a name for it, but cannot be made to keep 24 sums in registers.
/// </summary>
internal static class Fp32Avx512
{
    private static readonly Lazy<(IProductTile? Tile, string? Refusal)> _found = new(() => ProcessorFeatures.HasAvx512
        ? EmittedTile.Emit(static (code, sums, activations, weights) => code.vfmadd231ps(sums, activations, weights))
        : (null, "this processor has no AVX-512"));

    /// <summary>The tile, or why there is none.</summary>
    public static (IProductTile? Tile, string? Refusal) Find() => _found.Value;
}
