using LoraOnnx.Training.Learning;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>Dropout of one pass over one batch.</summary>
internal sealed class Dropout(ulong seed, long step, int part)
{
    private readonly DropoutKeys _keys = new(seed, step, part);
    private Generator? _generator;

    /// <summary>A mask for a tensor like <paramref name="x"/>, in the caller's scope; null when nothing is dropped.</summary>
    public DropoutMask? Mask(Tensor x, double probability) =>
        probability > 0 ? new DropoutMask(
            TorchDevice.KeepMask(x, probability, _keys.Next(), OnGpu), 1 / (1 - probability)) : null;

    /// <summary>A generator of the pass's own for a GPU, so that the process's stays as it is.</summary>
    private Generator OnGpu(Device device) => _generator ??= new Generator(_keys.Pass >> 1, device);
}

/// <summary>What dropout keeps: 1 or 0 for each number of a tensor. What is kept grows by <paramref name="Scale"/>.</summary>
internal sealed record DropoutMask(Tensor Kept, double Scale)
{
    /// <summary>x with some of it dropped.</summary>
    public Tensor Apply(Tensor x)
    {
        using var scale = Scale.ToScalar();
        return x.mul(Kept).mul_(scale);
    }

    /// <summary>A sum and x, with some of x dropped.</summary>
    public Tensor Added(Tensor sum, Tensor x)
    {
        using var scale = Scale.ToScalar();
        return sum.addcmul(x, Kept, scale);
    }

    /// <summary>The same mask, on the tape.</summary>
    public DropoutMask Keep(Tape tape) => this with { Kept = tape.Keep(Kept) };
}
