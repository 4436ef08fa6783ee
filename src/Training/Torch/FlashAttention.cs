using LoraOnnx.Training.Learning;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>Attention on libtorch's fused path, for a GPU. Groups must not be padded.</summary>
internal sealed class FlashAttention(double dropProbability) : IAttention
{
    /// <inheritdoc/>
    public (Tensor Context, Func<Tensor, Tensor[]>? Backward) Attend(
        Tensor query, Tensor key, Tensor value, TextGroup group, Dropout? dropout, Tape? tape)
    {
        using var scope = NewDisposeScope();
        var probability = dropout is null ? 0 : dropProbability;
        if (tape is null)
        {
            return (nn.functional.scaled_dot_product_attention(query, key, value, p: probability).MoveToOuterDisposeScope(), null);
        }

        // The one place with a graph of libtorch's own: it knows the mask it drew, and its result is no larger than the queries.
        using var recording = enable_grad();
        var leaves = Array.ConvertAll((Tensor[])[query, key, value], input => tape.Keep(input.detach()).requires_grad_(true));
        var context = nn.functional.scaled_dot_product_attention(leaves[0], leaves[1], leaves[2], p: probability);
        var kept = tape.Own(context);
        return (context.detach().MoveToOuterDisposeScope(), gradient => [.. autograd.grad([kept], leaves, [gradient])]);
    }
}
