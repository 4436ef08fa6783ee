using LoraOnnx.Kernels.Adapters;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Encoder;

/// <summary>activation(x·Wᵀ + b) over rows that lie end to end, x and the result in fp32. May be run by several callers at once.</summary>
public sealed unsafe class PackedLinear
{
    private readonly IRoundedWeights _weights;
    private readonly LinearActivation _activation;
    private readonly int _roundedBytes;
    private readonly ScratchPool _scratch;

    internal PackedLinear(IRoundedWeights weights, LinearActivation activation)
    {
        (_weights, _activation, _roundedBytes) = (weights, activation, weights.Steps * Panels.StepBytes);
        _scratch = new ScratchPool(Scratch.Bytes(RowBlocks.Largest * (_roundedBytes + sizeof(float) + (Panels.Columns * 2 * sizeof(float)))));
    }

    /// <summary>Numbers of an input row.</summary>
    public int Inputs => _weights.Inputs;

    /// <summary>Numbers of an output row.</summary>
    public int Outputs => _weights.Outputs;

    /// <summary>
    /// Reads <paramref name="rows"/> rows of <see cref="Inputs"/> numbers and writes as many of <see cref="Outputs"/>, changed where adapters change
    /// them; only of a linear without activation.
    /// </summary>
    public void Run(float* x, int rows, float* result, IWorkers workers, RowChange? change = null)
    {
        ArgumentNullException.ThrowIfNull(workers);
        if (change is not null && _activation != LinearActivation.None)
        {
            throw new InvalidOperationException("Changes belong before the activation.");
        }

        var blocks = RowBlocks.Of(rows, workers.Threads);
        workers.Run(blocks.Count, block =>
        {
            var (first, count) = blocks[block];
            var buffer = _scratch.Rent();
            float* from = x + ((nint)first * Inputs), to = result + ((nint)first * Outputs);
            Block(from, count, to, buffer);
            _scratch.Return(buffer);
            change?.Invoke(first, count, from, Inputs, to, Outputs);
        });
    }

    private void Block(float* x, int count, float* result, AlignedBuffer buffer)
    {
        var scratch = new Scratch(buffer);
        var rounded = scratch.Take<byte>(count * _roundedBytes);
        var factors = scratch.Take<float>(count);
        var sums = scratch.Take<int>(count * Panels.Columns);
        var finished = scratch.Take<float>(count * Panels.Columns);
        for (var row = 0; row < count; row++)
        {
            factors[row] = _weights.Round(x + ((nint)row * Inputs), rounded + ((nint)row * _roundedBytes));
        }

        for (var column = 0; column < Outputs; column += Panels.Columns)
        {
            var width = Math.Min(Panels.Columns, Outputs - column);
            if (width == Panels.Columns)
            {
                _weights.Multiply(rounded, factors, count, column / Panels.Columns, _activation, sums, result + column, Outputs);
                continue;
            }

            _weights.Multiply(rounded, factors, count, column / Panels.Columns, _activation, sums, finished, Panels.Columns);
            for (var row = 0; row < count; row++)
            {
                var to = new Span<float>(result + ((nint)row * Outputs) + column, width);
                new ReadOnlySpan<float>(finished + (row * Panels.Columns), width).CopyTo(to);
            }
        }
    }
}
