using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>Attention on libtorch's fused path, for a GPU. Groups must not be padded.</summary>
internal sealed class FlashAttention(double dropProbability) : IAttention
{
    /// <inheritdoc/>
    public (Tensor Context, Func<Tensor, Tensor[]>? Backward) Attend(Tensor query, Tensor key, Tensor value, TextGroup group, Dropout? dropout, Tape? tape)
    {
        var probability = dropout is null ? 0 : dropProbability;
        var (context, gradient) = LocalGradient.Run(tape, inputs => nn.functional.scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], p: probability), query, key, value);
        return (context, gradient is null ? null : gradient.Backward);
    }
}
