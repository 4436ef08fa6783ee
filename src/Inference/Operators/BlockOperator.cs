using LoraOnnx.Kernels.Encoder;

namespace LoraOnnx.Inference.Operators;

/// <summary>What an encoder's block does after attention, over rows [n, width]: inputs are attention's result and the block's input.</summary>
internal sealed unsafe class BlockOperator(string name, EncoderBlock block) : IOperator
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyList<OperatorInput> Inputs { get; } = [OperatorInput.Float, OperatorInput.Float];

    /// <inheritdoc/>
    public void Compute(OperatorCall call)
    {
        var ((context, shape), (x, other)) = (call.Input(0), call.Input(1));
        ArgumentOutOfRangeException.ThrowIfNotEqual(shape[1], block.Width, nameof(shape));
        ArgumentOutOfRangeException.ThrowIfNotEqual(other[0], shape[0], nameof(other));
        ArgumentOutOfRangeException.ThrowIfNotEqual(other[1], block.Width, nameof(other));
        block.Run((float*)context, (float*)x, (int)shape[0], call.Output(shape), call.Workers);
    }
}
