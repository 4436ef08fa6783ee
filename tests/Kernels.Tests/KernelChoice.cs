using LoraOnnx.Kernels.Attention;
using LoraOnnx.Kernels.Code;
using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Tests;

/// <summary>The kernels of each precision that this processor has; a test without its instructions says so.</summary>
internal static class KernelChoice
{
    public static TheoryData<string> All => ["fp32", "bf16", "int8"];

    public static TheoryData<string> Floats => ["fp32", "bf16"];

    public static IRoundedWeights Weights(string precision, LinearTensors linear) => precision switch
    {
        "fp32" => new FloatWeights<Fp32Steps>(Tile(precision), linear),
        "bf16" => new FloatWeights<Bf16Steps>(Tile(precision), linear),
        _ => Int8Weights.Of(Tile(precision), linear),
    };

    public static IRoundedWeights Weights(CodedTensors linear) => new Int8Weights(Tile("int8"), linear);

    /// <summary>In fp32, else in bf16.</summary>
    public static IHeadAttention Attention(string precision) => precision == "fp32"
        ? new HeadAttention<Fp32Steps>(Tile("fp32")) : new HeadAttention<Bf16Steps>(Tile("bf16"));

    private static IProductTile Tile(string precision)
    {
        var (tile, refusal) = precision switch
        {
            "fp32" => Fp32Avx512.Find(),
            "bf16" => Bf16Avx512.Find(),
            _ => Int8Avx512.Find(),
        };
        Requirement.ProcessorHas(tile is not null, refusal);
        return tile;
    }
}
