using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Products;

/// <summary>Weights in fp32 or in bf16, whose rows of activations are rounded in the same way; sums are fp32.</summary>
internal sealed unsafe class FloatWeights<TSteps> : IRoundedWeights
    where TSteps : struct, IStepFormat
{
    private readonly IProductTile _tile;
    private readonly AlignedBuffer _panels;
    private readonly float[] _bias; // padded to whole panels

    /// <summary>Lays out the weights [outputs, inputs].</summary>
    public FloatWeights(IProductTile tile, LinearTensors linear)
    {
        (_tile, Outputs, Inputs) = (tile, linear.Bias.Length, linear.Weight.Length / linear.Bias.Length);
        Steps = FloatRows<TSteps>.Steps(Inputs);
        _bias = Panels.Padded(linear.Bias.Span);
        _panels = new AlignedBuffer((long)Panels.Bytes(Outputs, Steps));
        var steps = (uint*)NativeMemory.Alloc((nuint)Steps, Panels.StepBytes);
        fixed (float* weights = linear.Weight.Span)
        {
            for (var column = 0; column < Outputs; column++)
            {
                FloatRows<TSteps>.Place(weights + ((nint)column * Inputs), Inputs, 1, (byte*)steps);
                Panels.PlaceColumn(_panels.Address, column, steps, Steps);
            }
        }

        NativeMemory.Free(steps);
    }

    /// <inheritdoc/>
    public int Inputs { get; }

    /// <inheritdoc/>
    public int Outputs { get; }

    /// <inheritdoc/>
    public int Steps { get; }

    /// <inheritdoc/>
    public bool TakesRowsAsTheyAre => TSteps.Numbers == 1;

    /// <inheritdoc/>
    public float Round(float* row, byte* rounded)
    {
        FloatRows<TSteps>.Place(row, Inputs, 1, rounded);
        return 1;
    }

    /// <inheritdoc/>
    public void Multiply(in ProductRows rows, int panel, LinearActivation activation, int* sums, in ResultRows result)
    {
        var columns = Math.Min(Panels.Columns, Outputs - (panel * Panels.Columns));
        _tile.Multiply(
            rows.First, rows.RowBytes, rows.Count, Panels.Place(_panels.Address, panel * Panels.Columns, 0, Steps), Steps, columns, sums);
        Activations.With(activation, new Finishing(this, panel, columns, (float*)sums, rows.Count, result));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish<TActivation>(int panel, int columns, float* sums, int count, in ResultRows result)
        where TActivation : struct, IActivation
    {
        fixed (float* bias = &_bias[panel * Panels.Columns])
        {
            var first = result.First + (panel * Panels.Columns);
            for (var row = 0; row < count; row++)
            {
                float* from = sums + (row * Panels.Columns), to = first + (row * result.Stride);
                for (var column = 0; column < columns; column += Vector512<float>.Count)
                {
                    var x = Vector512.Load(from + column) + Vector512.Load(bias + column);
                    Panels.Store(TActivation.Of(x), to + column, columns - column, result.IsStreamed);
                }
            }
        }
    }

    private readonly struct Finishing(FloatWeights<TSteps> weights, int panel, int columns, float* sums, int count, ResultRows result)
        : IActivationWork
    {
        public void Run<TActivation>()
            where TActivation : struct, IActivation => weights.Finish<TActivation>(panel, columns, sums, count, result);
    }
}
