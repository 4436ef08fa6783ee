using LoraOnnx.Kernels.Encoder;

namespace LoraOnnx.Inference.Operators;

/// <summary>activation(x·Wᵀ + b) over rows [n, inputs] of fp32.</summary>
internal sealed unsafe class LinearOperator(string name, PackedLinear linear) : IOperator
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyList<OperatorInput> Inputs { get; } = [OperatorInput.Float];

    /// <inheritdoc/>
    public void Compute(OperatorCall call)
    {
        var (x, shape) = call.Input(0);
        ArgumentOutOfRangeException.ThrowIfNotEqual(shape[^1], linear.Inputs, nameof(shape));
        linear.Run((float*)x, (int)shape[0], call.Output(shape[0], linear.Outputs), call.Workers);
    }
}
