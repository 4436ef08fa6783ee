using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Products;

/// <summary>Weights in bf16, pairs of k side by side.</summary>
internal sealed unsafe class Bf16Weights : IRoundedWeights
{
    private const int Group = 2;

    private readonly IProductTile _tile;
    private readonly AlignedBuffer _panels;
    private readonly float[] _bias; // padded to whole panels

    /// <summary>Rounds and lays out <paramref name="weights"/> [outputs, inputs].</summary>
    public Bf16Weights(IProductTile tile, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias)
    {
        (_tile, Outputs, Inputs) = (tile, bias.Length, weights.Length / bias.Length);
        Steps = (Inputs + Group - 1) / Group;
        _bias = Panels.Padded(bias);
        _panels = new AlignedBuffer((long)Panels.Bytes(Outputs, Steps));
        for (var column = 0; column < Outputs; column++)
        {
            var row = weights.Slice(column * Inputs, Inputs);
            var place = Panels.Place(_panels.Address, column, 0, Steps);
            for (var k = 0; k < Inputs; k++)
            {
                ((ushort*)(place + (k / Group * Panels.BytesOfStep)))[k % Group] = Bf16.Of(row[k]);
            }
        }
    }

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Outputs { get; }

    /// <inheritdoc/>
    public int Steps { get; }

    /// <inheritdoc/>
    public float Round(float* row, byte* rounded)
    {
        Bf16.Round(row, Inputs, Steps * Group, (ushort*)rounded);
        return 1;
    }

    /// <inheritdoc/>
    public void Multiply(byte* rows, float* factors, int count, int panel, LinearActivation activation, int* sums, float* result, nint stride)
    {
        _tile.Multiply(rows, Steps * Panels.StepBytes, count, Panels.Place(_panels.Address, panel * Panels.Columns, 0, Steps), Steps, sums);
        switch (activation)
        {
            case LinearActivation.Gelu:
                Finish<Gelu>(panel, (float*)sums, count, result, stride);
                break;
            case LinearActivation.GeluTanh:
                Finish<GeluTanh>(panel, (float*)sums, count, result, stride);
                break;
            case LinearActivation.Relu:
                Finish<Relu>(panel, (float*)sums, count, result, stride);
                break;
            default:
                Finish<Identity>(panel, (float*)sums, count, result, stride);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish<TActivation>(int panel, float* sums, int count, float* result, nint stride)
        where TActivation : struct, IActivation
    {
        fixed (float* bias = &_bias[panel * Panels.Columns])
        {
            for (var row = 0; row < count; row++)
            {
                float* from = sums + (row * Panels.Columns), to = result + (row * stride);
                for (var column = 0; column < Panels.Columns; column += Vector512<float>.Count)
                {
                    TActivation.Of(Vector512.Load(from + column) + Vector512.Load(bias + column)).Store(to + column);
                }
            }
        }
    }
}
