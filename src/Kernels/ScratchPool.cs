using System.Collections.Concurrent;

namespace LoraOnnx.Kernels;

/// <summary>Memory for one item of work at a time: as many buffers as there ever were threads at once, used again and again.</summary>
internal sealed class ScratchPool(long bytes)
{
    private readonly ConcurrentBag<AlignedBuffer> _free = [];

    /// <summary>A buffer of the pool's length, with anything in it.</summary>
    public AlignedBuffer Rent() => _free.TryTake(out var buffer) ? buffer : new AlignedBuffer(bytes);

    /// <summary>Gives a buffer back.</summary>
    public void Return(AlignedBuffer buffer) => _free.Add(buffer);
}
