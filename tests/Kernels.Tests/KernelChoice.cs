using LoraOnnx.Kernels.Attention;
using LoraOnnx.Kernels.Code;
using LoraOnnx.Kernels.Products;

namespace LoraOnnx.Kernels.Tests;

/// <summary>The weights of each precision that this processor has; a test without its instructions says so.</summary>
internal static class KernelChoice
{
    public static TheoryData<string> All => ["bf16", "int8"];

    public static IRoundedWeights Weights(string precision, LinearTensors linear)
    {
        var (tile, refusal) = precision == "bf16" ? Bf16Avx512.Find() : Int8Avx512.Find();
        Requirement.ProcessorHas(tile is not null, refusal);
        return precision == "bf16"
            ? new Bf16Weights(tile, linear.Weight.Span, linear.Bias.Span)
            : Int8Weights.Of(tile, linear);
    }

    public static IRoundedWeights Weights(CodedTensors linear)
    {
        var (tile, refusal) = Int8Avx512.Find();
        Requirement.ProcessorHas(tile is not null, refusal);
        return new Int8Weights(tile, linear);
    }

    public static IHeadAttention Bf16Attention()
    {
        var (tile, refusal) = Bf16Avx512.Find();
        Requirement.ProcessorHas(tile is not null, refusal);
        return new Bf16HeadAttention(tile);
    }
}
