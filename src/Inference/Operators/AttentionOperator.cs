using System.Numerics.Tensors;
using LoraOnnx.Kernels.Attention;

namespace LoraOnnx.Inference.Operators;

/// <summary>
/// Attention over texts end to end. Inputs are queries, keys and values side by side [n, 3·width] and the lengths of the texts [texts]; or, where
/// only first tokens ask,
/// their queries [texts, width], keys and values side by side [n, 2·width], and the lengths.
/// </summary>
internal sealed unsafe class AttentionOperator(string name, PackedAttention attention, bool oneQueryEach) : IOperator
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyList<OperatorInput> Inputs { get; } =
        oneQueryEach ? [OperatorInput.Float, OperatorInput.Float, OperatorInput.Int32] : [OperatorInput.Float, OperatorInput.Int32];

    /// <inheritdoc/>
    public void Compute(OperatorCall call)
    {
        var (queries, queryShape) = call.Input(0);
        var (keys, keyShape) = oneQueryEach ? call.Input(1) : (queries + (attention.Width * sizeof(float)), queryShape);
        var (lengths, texts) = call.Input(Inputs.Count - 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(keyShape[1], (oneQueryEach ? 2 : 3) * attention.Width, nameof(keyShape));
        var tokens = TensorPrimitives.Sum(new ReadOnlySpan<int>((int*)lengths, (int)texts[0]));
        ArgumentOutOfRangeException.ThrowIfNotEqual(tokens, keyShape[0], nameof(lengths));
        attention.Run(
            new AttentionRows
            {
                Queries = (float*)queries,
                QueryStride = (int)queryShape[1],
                OneQueryEach = oneQueryEach,
                Keys = (float*)keys,
                Values = (float*)keys + attention.Width,
                KeyStride = (int)keyShape[1],
                Lengths = (int*)lengths,
                Texts = (int)texts[0],
                Result = call.Output(queryShape[0], attention.Width),
            },
            call.Workers);
    }
}
