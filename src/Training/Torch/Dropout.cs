using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>
/// Dropout of one pass over one batch. Every mask depends on the run's seed, the step, the part of the step and how many masks came before in the
/// pass, so that a resumed run needs no generator state.
/// </summary>
internal sealed class Dropout
{
    private readonly ulong _pass;
    private ulong _masks;
    private Generator? _generator;

    /// <summary>Starts a pass.</summary>
    public Dropout(ulong seed, long step, int part)
    {
        // Odd constants of splitmix64 and its kin spread neighbouring steps and parts over the whole range.
        _pass = unchecked((seed * 0x9E3779B97F4A7C15) + ((ulong)step * 0xD1342543DE82EF95) + ((ulong)part * 0xBF58476D1CE4E5B9));
    }

    /// <summary>A mask for a tensor like <paramref name="x"/>, in the caller's scope; null when nothing is dropped.</summary>
    public DropoutMask? Mask(Tensor x, double probability) =>
        probability > 0 ? new DropoutMask(
            TorchDevice.KeepMask(x, probability, unchecked(_pass + (++_masks * 0x94D049BB133111EB)), OnGpu), 1 / (1 - probability)) : null;

    /// <summary>A generator of the pass's own for a GPU, so that the process's stays as it is.</summary>
    private Generator OnGpu(Device device) => _generator ??= new Generator(_pass >> 1, device);
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
