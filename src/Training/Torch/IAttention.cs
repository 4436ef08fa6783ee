using LoraOnnx.Training.Learning;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>softmax(Q·Kᵀ/√d)·V within each text of a group; queries may be those of [CLS] alone.</summary>
internal interface IAttention
{
    /// <summary>Context of queries, keys and values, all [texts, heads, rows, headWidth], in the caller's scope.</summary>
    /// <returns>With a tape also what makes the gradients of the three, in the caller's scope, from that of the context. It works once.</returns>
    (Tensor Context, Func<Tensor, Tensor[]>? Backward) Attend(Tensor query, Tensor key, Tensor value, TextGroup group, Dropout? dropout, Tape? tape);
}
