using LoraOnnx.Kernels.Adapters;
using LoraOnnx.Kernels.Products;
using LoraOnnx.Kernels.Steps;

namespace LoraOnnx.Kernels.Encoder;

/// <summary>
/// What an encoder's block does after attention, row by row: y = norm(x + out(context)), then norm(y + down(activation(up(y)))). A block of rows goes
/// through all of it
/// while it is in the cache. May be run by several callers at once.
/// </summary>
public sealed unsafe class EncoderBlock
{
    private readonly RowBlockLinear _output;
    private readonly RowBlockLinear _up;
    private readonly RowBlockLinear _down;
    private readonly LayerNorm _attentionNorm;
    private readonly LayerNorm _outputNorm;
    private readonly ScratchPool _scratch;

    internal EncoderBlock(RowBlockLinear output, LayerNorm attentionNorm, RowBlockLinear up, RowBlockLinear down, LayerNorm outputNorm)
    {
        (_output, _attentionNorm, _up, _down, _outputNorm) = (output, attentionNorm, up, down, outputNorm);
        var ofRow = Widest(block => block.RoundedBytes) + ((1 + Panels.Columns + output.Stride + up.Stride + down.Stride) * sizeof(float));
        _scratch = new ScratchPool(Scratch.Bytes((long)RowBlocks.Largest * ofRow));
    }

    /// <summary>Numbers of a row.</summary>
    public int Width => _attentionNorm.Width;

    /// <summary>
    /// Reads rows of attention's result and of the block's input, and writes as many of the block's output, changed where adapters change them.
    /// </summary>
    public void Run(float* context, float* x, int rows, float* result, IWorkers workers, BlockChanges? changes = null)
    {
        ArgumentNullException.ThrowIfNull(workers);
        var blocks = RowBlocks.Of(rows, workers.Threads);
        workers.Run(blocks.Count, block =>
        {
            var (first, count) = blocks[block];
            var (place, buffer) = ((nint)first * Width, _scratch.Rent());
            Block(context + place, x + place, first, count, result + place, buffer, changes);
            _scratch.Return(buffer);
        });
    }

    private void Block(float* context, float* x, int first, int count, float* result, AlignedBuffer buffer, BlockChanges? changes)
    {
        var scratch = new Scratch(buffer);
        var rounded = scratch.Take<byte>((long)count * Widest(block => block.RoundedBytes));
        var factors = scratch.Take<float>(count);
        var sums = scratch.Take<int>(count * Panels.Columns);
        var attended = scratch.Take<float>((long)count * _output.Stride);
        var active = scratch.Take<float>((long)count * _up.Stride);
        var final = scratch.Take<float>((long)count * _down.Stride);

        Linear(_output, context, Width, attended, changes?.Output);
        Norm(_attentionNorm, attended, _output.Stride, x, Width, changes?.AttentionNorm);
        Linear(_up, attended, _output.Stride, active, changes?.Up);
        Linear(_down, active, _up.Stride, final, changes?.Down);
        Norm(_outputNorm, final, _down.Stride, attended, _output.Stride, changes?.OutputNorm);
        for (var row = 0; row < count; row++)
        {
            new ReadOnlySpan<float>(final + ((nint)row * _down.Stride), Width).CopyTo(new Span<float>(result + ((nint)row * Width), Width));
        }

        void Linear(RowBlockLinear linear, float* from, int stride, float* to, RowChange? change)
        {
            linear.Round(from, stride, count, rounded, factors);
            if (change is null)
            {
                linear.Multiply(rounded, factors, count, sums, to);
                return;
            }

            linear.MultiplyOnly(rounded, factors, count, sums, to);
            change(first, count, from, stride, to, linear.Stride);
            linear.Activate(to, count);
        }

        void Norm(LayerNorm norm, float* rows, int stride, float* residual, int residualStride, RowChange? change)
        {
            for (var row = 0; row < count; row++)
            {
                norm.Apply(rows + ((nint)row * stride), residual + ((nint)row * residualStride));
            }

            change?.Invoke(first, count, rows, stride, rows, stride);
        }
    }

    private int Widest(Func<RowBlockLinear, int> size) => Math.Max(size(_output), Math.Max(size(_up), size(_down)));
}
