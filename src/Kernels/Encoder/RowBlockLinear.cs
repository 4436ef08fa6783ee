using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Encoder;

/// <summary>activation(x·Wᵀ + b) over one block of rows.</summary>
internal sealed unsafe class RowBlockLinear(IRoundedWeights weights, LinearActivation activation)
{
    /// <summary>The weights.</summary>
    public IRoundedWeights Weights => weights;

    /// <summary>Numbers of a result row in memory: whole panels.</summary>
    public int Stride => Panels.Count(weights.Outputs) * Panels.Columns;

    /// <summary>Bytes of a rounded row.</summary>
    public int RoundedBytes => weights.Steps * Panels.StepBytes;

    /// <summary>Rounds rows of fp32 that lie <paramref name="stride"/> numbers apart.</summary>
    public void Round(float* rows, nint stride, int count, byte* rounded, float* factors)
    {
        for (var row = 0; row < count; row++)
        {
            factors[row] = weights.Round(rows + (row * stride), rounded + ((nint)row * RoundedBytes));
        }
    }

    /// <summary>All panels, into <paramref name="result"/> with rows <see cref="Stride"/> numbers apart.</summary>
    public void Multiply(byte* rounded, float* factors, int count, int* sums, float* result) =>
        Multiply(rounded, factors, count, activation, sums, result);

    /// <summary>The same without the activation, which <see cref="Activate"/> does once the sums have been changed.</summary>
    public void MultiplyOnly(byte* rounded, float* factors, int count, int* sums, float* result) =>
        Multiply(rounded, factors, count, LinearActivation.None, sums, result);

    /// <summary>The activation of rows of sums.</summary>
    public void Activate(float* result, int count) => Activations.Apply(activation, result, (nint)count * Stride);

    private void Multiply(byte* rounded, float* factors, int count, LinearActivation then, int* sums, float* result)
    {
        for (var panel = 0; panel < Panels.Count(weights.Outputs); panel++)
        {
            weights.Multiply(rounded, factors, count, panel, then, sums, result + (panel * Panels.Columns), Stride);
        }
    }
}
