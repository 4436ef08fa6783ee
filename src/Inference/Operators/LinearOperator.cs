using LoraOnnx.Inference.Variants;
using LoraOnnx.Kernels.Encoder;

namespace LoraOnnx.Inference.Operators;

/// <summary>
/// activation(x·Wᵀ + b) over rows [n, inputs] of fp32; where a base takes adapters, with what these change, and the number of the run's plan as
/// second input.
/// </summary>
internal sealed unsafe class LinearOperator(
    string name, PackedLinear linear, PlannedChanges? changes = null, params IReadOnlyList<(string Name, int Column)> modules) : IOperator
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyList<OperatorInput> Inputs { get; } =
        changes is null ? [OperatorInput.Float] : [OperatorInput.Float, OperatorInput.Int32];

    /// <inheritdoc/>
    public void Compute(OperatorCall call)
    {
        var (x, shape) = call.Input(0);
        ArgumentOutOfRangeException.ThrowIfNotEqual(shape[^1], linear.Inputs, nameof(shape));
        var change = changes?.Of(*(int*)call.Input(1).Numbers, shape[0], modules);
        linear.Run((float*)x, (int)shape[0], call.Output(shape[0], linear.Outputs), call.Workers, change);
    }
}
