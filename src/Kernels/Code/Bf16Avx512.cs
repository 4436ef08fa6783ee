using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Code;

/// <summary>AVX512-BF16: <c>vdpbf16ps</c>, two products of bf16 a lane, summed in fp32 with denormals as zero. .NET has no name for it.</summary>
internal static class Bf16Avx512
{
    private static readonly Lazy<(IProductTile? Tile, string? Refusal)> _found = new(() => ProcessorFeatures.HasAvx512Bf16
        ? EmittedTile.Emit(static (code, sums, activations, weights) => code.vdpbf16ps(sums, activations, weights))
        : (null, "this processor has no AVX512-BF16"));

    /// <summary>The tile, or why there is none.</summary>
    public static (IProductTile? Tile, string? Refusal) Find() => _found.Value;
}
