using LoraOnnx.Kernels.Attention;
using LoraOnnx.Kernels.Code;
using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels;

/// <summary>The kernels of one precision on this processor.</summary>
public sealed class KernelSet
{
    private readonly Func<ReadOnlyMemory<float>, ReadOnlyMemory<float>, IRoundedWeights> _round;
    private readonly IHeadAttention _attention;

    private KernelSet(Func<ReadOnlyMemory<float>, ReadOnlyMemory<float>, IRoundedWeights> round, IHeadAttention attention) =>
        (_round, _attention) = (round, attention);

    /// <summary>bf16 products and attention, or null and the reason why this processor or system has none.</summary>
    public static (KernelSet? Kernels, string? Refusal) FindBf16() => Bf16Avx512.Find() is ({ } tile, _)
        ? (new KernelSet((weights, bias) => new Bf16Weights(tile, weights.Span, bias.Span), new Bf16HeadAttention(tile)), null)
        : (null, Bf16Avx512.Find().Refusal);

    /// <summary>activation(x·Wᵀ + b) with weights [outputs, inputs], which are rounded and laid out now.</summary>
    public PackedLinear Linear(LinearTensors linear, LinearActivation activation = LinearActivation.None) => new(Round(linear), activation);

    /// <summary>What a block does after attention.</summary>
    public EncoderBlock Block(
        LinearTensors output, NormTensors attentionNorm, LinearTensors up, LinearActivation activation, LinearTensors down, NormTensors outputNorm) =>
        new(
        new RowBlockLinear(Round(output), LinearActivation.None), Norm(attentionNorm),
        new RowBlockLinear(Round(up), activation), new RowBlockLinear(Round(down), LinearActivation.None), Norm(outputNorm));

    /// <summary>Attention over texts of at most <paramref name="maxTokens"/> tokens.</summary>
    public PackedAttention Attention(int heads, int headWidth, int maxTokens) => new(_attention, heads, headWidth, maxTokens);

    private IRoundedWeights Round(LinearTensors linear) => _round(linear.Weight, linear.Bias);

    private static LayerNorm Norm(NormTensors norm) => new(norm.Weight.Span, norm.Bias.Span, norm.Epsilon);
}
