using LoraOnnx.Kernels.Attention;
using LoraOnnx.Kernels.Code;
using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels;

/// <summary>The kernels of this processor: products and attention in bf16, and where it has the instructions products in 8 bits.</summary>
public sealed class KernelSet
{
    private readonly IProductTile _bf16;
    private readonly IProductTile? _int8;
    private readonly IHeadAttention _attention;

    private KernelSet(IProductTile bf16, IProductTile? int8) => (_bf16, _int8, _attention) = (bf16, int8, new Bf16HeadAttention(bf16));

    /// <summary>bf16 products and attention, or null and the reason why this processor or system has none.</summary>
    public static (KernelSet? Kernels, string? Refusal) FindBf16() =>
        Bf16Avx512.Find() is ({ } tile, _) ? (new KernelSet(tile, Int8Avx512.Find().Tile), null) : (null, Bf16Avx512.Find().Refusal);

    /// <summary>The same with products in 8 bits.</summary>
    public static (KernelSet? Kernels, string? Refusal) FindInt8() =>
        Int8Avx512.Find() is (null, var refusal) ? (null, refusal) : FindBf16();

    /// <summary>Weights [outputs, inputs] rounded to bf16 and laid out now.</summary>
    public PackedWeights Weights(LinearTensors linear) => new(new Bf16Weights(_bf16, linear.Weight.Span, linear.Bias.Span));

    /// <summary>Weights in 8 bits, laid out now; only of a set that has products for them.</summary>
    public PackedWeights Weights(CodedTensors linear) =>
        new(new Int8Weights(_int8 ?? throw new InvalidOperationException("This set has no products in 8 bits."), linear));

    /// <summary>activation(x·Wᵀ + b).</summary>
    public static PackedLinear Linear(PackedWeights weights, LinearActivation activation = LinearActivation.None)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return new PackedLinear(weights.Rounded, activation);
    }

    /// <summary>What a block does after attention.</summary>
    public static EncoderBlock Block(
        PackedWeights output, NormTensors attentionNorm, PackedWeights up, LinearActivation activation, PackedWeights down, NormTensors outputNorm)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(up);
        ArgumentNullException.ThrowIfNull(down);
        return new EncoderBlock(
            new RowBlockLinear(output.Rounded, LinearActivation.None), Norm(attentionNorm),
            new RowBlockLinear(up.Rounded, activation), new RowBlockLinear(down.Rounded, LinearActivation.None), Norm(outputNorm));
    }

    /// <summary>Attention over texts of at most <paramref name="maxTokens"/> tokens.</summary>
    public PackedAttention Attention(int heads, int headWidth, int maxTokens) => new(_attention, heads, headWidth, maxTokens);

    private static LayerNorm Norm(NormTensors norm) => new(norm.Weight.Span, norm.Bias.Span, norm.Epsilon);
}
