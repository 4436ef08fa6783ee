using LoraOnnx.Kernels.Attention;
using LoraOnnx.Kernels.Code;
using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels;

/// <summary>The kernels of this processor: products and attention in fp32 or in bf16, and where it has the instructions products in 8 bits.</summary>
public sealed class KernelSet
{
    private readonly Func<LinearTensors, IRoundedWeights> _weights;
    private readonly IProductTile? _int8;
    private readonly IHeadAttention _attention;

    private KernelSet(Func<LinearTensors, IRoundedWeights> weights, IProductTile? int8, IHeadAttention attention) =>
        (_weights, _int8, _attention) = (weights, int8, attention);

    /// <summary>fp32 products and attention, or null and the reason why this processor or system has none.</summary>
    public static (KernelSet? Kernels, string? Refusal) FindFp32() => Fp32Avx512.Find() is ({ } tile, _)
        ? (new KernelSet(linear => new FloatWeights<Fp32Steps>(tile, linear), null, new HeadAttention<Fp32Steps>(tile)), null)
        : (null, Fp32Avx512.Find().Refusal);

    /// <summary>The same in bf16.</summary>
    public static (KernelSet? Kernels, string? Refusal) FindBf16() => Bf16Avx512.Find() is ({ } tile, _)
        ? (new KernelSet(linear => new FloatWeights<Bf16Steps>(tile, linear), Int8Avx512.Find().Tile, new HeadAttention<Bf16Steps>(tile)), null)
        : (null, Bf16Avx512.Find().Refusal);

    /// <summary>bf16 with products in 8 bits.</summary>
    public static (KernelSet? Kernels, string? Refusal) FindInt8() =>
        Int8Avx512.Find() is (null, var refusal) ? (null, refusal) : FindBf16();

    /// <summary>Weights [outputs, inputs], rounded and laid out now.</summary>
    public PackedWeights Weights(LinearTensors linear) => new(_weights(linear));

    /// <summary>Weights in 8 bits, laid out now; only of a set that has products for them.</summary>
    public PackedWeights Weights(CodedTensors linear) =>
        new(new Int8Weights(_int8 ?? throw new InvalidOperationException("This set has no products in 8 bits."), linear));

    /// <summary>All blocks of an encoder, for texts of at most <paramref name="maxTokens"/> tokens.</summary>
    public PackedEncoder Encoder(IEnumerable<BlockWeights> blocks, int heads, int headWidth, int maxTokens) =>
        new([.. blocks.Select(Layer)], new PackedAttention(_attention, heads, headWidth, maxTokens));

    private static PackedBlock Layer(BlockWeights block) => new(
        Linear(block.Queries), block.KeysValues is { } keysValues ? Linear(keysValues) : null, Linear(block.Output), Norm(block.AttentionNorm),
        Linear(block.Up, block.Activation), Linear(block.Down), Norm(block.OutputNorm));

    private static PackedLinear Linear(PackedWeights weights, LinearActivation activation = LinearActivation.None) =>
        new(weights.Rounded, activation);

    private static LayerNorm Norm(NormTensors norm) => new(norm.Weight.Span, norm.Bias.Span, norm.Epsilon);
}
