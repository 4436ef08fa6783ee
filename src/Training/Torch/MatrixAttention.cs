using LoraOnnx.Training.Learning;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>Attention as matrix multiplications around <see cref="SoftmaxKernel"/>, for the CPU: there libtorch's fused path takes two to four times
/// as long, most of all backward.</summary>
internal sealed class MatrixAttention(double dropProbability) : IAttention
{
    /// <inheritdoc/>
    public (Tensor Context, Func<Tensor, Tensor[]>? Backward) Attend(
        Tensor query, Tensor key, Tensor value, TextGroup group, Dropout? dropout, Tape? tape)
    {
        using var scope = NewDisposeScope();
        var (texts, heads, headWidth) = (query.shape[0], query.shape[1], query.shape[3]);
        var scale = (float)(1 / Math.Sqrt(headWidth));
        var (q, k, v) = (query.flatten(0, 1), key.flatten(0, 1), value.flatten(0, 1)); // [texts·heads, rows, headWidth]
        var isFirstTokens = query.shape[2] == 1;
        var probabilities = q.bmm(k.transpose(1, 2));
        SoftmaxKernel.Forward(probabilities, scale, matrix =>
        {
            var length = group.Lengths[matrix / heads];
            return (isFirstTokens ? 1 : length, length);
        });
        var mask = dropout?.Mask(probabilities, dropProbability);
        var context = (mask?.Apply(probabilities) ?? probabilities).bmm(v).unflatten(0, [texts, heads]).MoveToOuterDisposeScope();
        if (tape is null)
        {
            return (context, null);
        }

        var (keptQuery, keptKey, keptValue, kept, keptMask) = (tape.Keep(q), tape.Keep(k), tape.Keep(v), tape.Keep(probabilities), mask?.Keep(tape));
        return (context, gradient =>
        {
            using var inner = NewDisposeScope();
            var dContext = gradient.flatten(0, 1);
            var dValue = (keptMask?.Apply(kept) ?? kept).transpose(1, 2).bmm(dContext);
            var dScores = dContext.bmm(keptValue.transpose(1, 2));
            dScores = keptMask?.Apply(dScores) ?? dScores;
            SoftmaxKernel.Backward(dScores, kept, scale);
            Tensor[] gradients = [dScores.bmm(keptKey), dScores.transpose(1, 2).bmm(keptQuery), dValue];
            return Array.ConvertAll(gradients, part => part.unflatten(0, [texts, heads]).MoveToOuterDisposeScope());
        }
        );
    }
}
