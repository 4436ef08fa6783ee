using LoraOnnx.Inference.Variants;
using LoraOnnx.Kernels.Encoder;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Inference.Operators;

/// <summary>
/// What an encoder's block does after attention, over rows [n, width]: inputs are attention's result and the block's input; where a base takes
/// adapters, also the number of the run's plan.
/// </summary>
internal sealed unsafe class BlockOperator(string name, EncoderBlock block, BlockLayout layout, PlannedChanges? changes) : IOperator
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyList<OperatorInput> Inputs { get; } = changes is null
        ? [OperatorInput.Float, OperatorInput.Float] : [OperatorInput.Float, OperatorInput.Float, OperatorInput.Int32];

    /// <inheritdoc/>
    public void Compute(OperatorCall call)
    {
        var ((context, shape), (x, other)) = (call.Input(0), call.Input(1));
        ArgumentOutOfRangeException.ThrowIfNotEqual(shape[1], block.Width, nameof(shape));
        ArgumentOutOfRangeException.ThrowIfNotEqual(other[0], shape[0], nameof(other));
        ArgumentOutOfRangeException.ThrowIfNotEqual(other[1], block.Width, nameof(other));
        block.Run((float*)context, (float*)x, (int)shape[0], call.Output(shape), call.Workers,
            changes is null ? null : Changes(changes, *(int*)call.Input(2).Numbers, shape[0]));
    }

    private BlockChanges Changes(PlannedChanges all, int plan, long rows) => new()
    {
        Output = all.Of(plan, rows, (layout.Output.Name, 0)),
        AttentionNorm = all.Of(plan, rows, (layout.AttentionNorm.Name, 0)),
        Up = all.Of(plan, rows, (layout.Up.Name, 0)),
        Down = all.Of(plan, rows, (layout.Down.Name, 0)),
        OutputNorm = all.Of(plan, rows, (layout.OutputNorm.Name, 0)),
    };
}
