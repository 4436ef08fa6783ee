using LoraOnnx.Kernels.Adapters;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Encoder;

/// <summary>activation(x·Wᵀ + b) over rows of fp32. May be run by several callers at once.</summary>
public sealed unsafe class PackedLinear
{
    private readonly IRoundedWeights _weights;
    private readonly LinearActivation _activation;
    private readonly ScratchPool _space; // of Run

    internal PackedLinear(IRoundedWeights weights, LinearActivation activation)
    {
        (_weights, _activation) = (weights, activation);
        _space = new ScratchPool(Scratch.Bytes(BlockSpace.Bytes(RoundedBytes)));
    }

    /// <summary>Numbers of an input row.</summary>
    public int Inputs => _weights.Inputs;

    /// <summary>Numbers of an output row.</summary>
    public int Outputs => _weights.Outputs;

    /// <summary>Panels of 64 outputs.</summary>
    internal int PanelCount => Panels.Count(Outputs);

    /// <summary>Bytes of a rounded row; 0 where rows are taken as they are.</summary>
    internal int RoundedBytes => _weights.TakesRowsAsTheyAre ? 0 : _weights.Steps * Panels.StepBytes;

    /// <summary>Rounds rows that lie <paramref name="stride"/> numbers apart into space for as many; nothing where they are taken as they
    /// are.</summary>
    internal void Round(float* x, nint stride, int first, int count, byte* rounded, float* factors)
    {
        for (var row = first; RoundedBytes > 0 && row < first + count; row++)
        {
            factors[row] = _weights.Round(x + (row * stride), rounded + ((nint)row * RoundedBytes));
        }
    }

    /// <summary>Rows that <see cref="Round"/> has rounded.</summary>
    internal ProductRows Rounded(float* x, nint stride, int first, int count, byte* rounded, float* factors) => RoundedBytes == 0
        ? new ProductRows { First = (byte*)(x + (first * stride)), RowBytes = stride * sizeof(float), Count = count }
        : new ProductRows { First = rounded + ((nint)first * RoundedBytes), RowBytes = RoundedBytes, Factors = factors + first, Count = count };

    /// <summary>One panel of the outputs of some rows, in its place.</summary>
    internal void Panel(in ProductRows rows, int panel, int* sums, float* result) =>
        _weights.Multiply(rows, panel, _activation, sums, ResultRows.Near(result, Outputs));

    /// <summary>All outputs of a block of rows, changed before the activation where adapters change them.</summary>
    /// <param name="x">The block's first row.</param>
    /// <param name="stride">Numbers from a row of x to the next.</param>
    /// <param name="first">Its number among the rows of the run.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="result">Rows of <see cref="Outputs"/> numbers, end to end.</param>
    /// <param name="space">Space for a block.</param>
    /// <param name="change">What adapters change, or null.</param>
    internal void Block(float* x, nint stride, int first, int count, ResultRows result, in BlockSpace space, RowChange? change)
    {
        Round(x, stride, 0, count, space.Rounded, space.Factors);
        var rows = Rounded(x, stride, 0, count, space.Rounded, space.Factors);
        var activation = change is null ? _activation : LinearActivation.None;
        result = change is null ? result : ResultRows.Near(result.First, Outputs);
        for (var panel = 0; panel < PanelCount; panel++)
        {
            _weights.Multiply(rows, panel, activation, space.Sums, result);
        }

        if (change is not null)
        {
            change(first, count, x, stride, result.First, Outputs);
            Activations.Apply(_activation, result.First, (nint)count * Outputs);
        }
    }

    /// <summary>All rows end to end, by one linear alone: to measure and to test it.</summary>
    internal void Run(float* x, int rows, float* result, IWorkers workers, RowChange? change = null)
    {
        var blocks = RowBlocks.Of(rows, workers.Threads);
        workers.Run(blocks.Count, block =>
        {
            var buffer = _space.Rent();
            var scratch = new Scratch(buffer);
            var (first, count) = blocks[block];
            var to = ResultRows.All(result, rows, Outputs).From(first);
            Block(x + ((nint)first * Inputs), Inputs, first, count, to, new BlockSpace(ref scratch, RoundedBytes), change);
            _space.Return(buffer);
        });
    }
}
