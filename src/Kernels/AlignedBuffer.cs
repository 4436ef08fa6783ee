using System.Runtime.CompilerServices;

namespace LoraOnnx.Kernels;

/// <summary>
/// Pinned memory that starts on a 64-byte boundary; the garbage collector frees it when nothing refers to the buffer any more. Zeros at first.
/// </summary>
internal sealed unsafe class AlignedBuffer
{
    /// <summary>Bytes of a vector, and of a cache's line.</summary>
    public const int Alignment = 64;

    private readonly byte[] _bytes;

    public AlignedBuffer(long length)
    {
        _bytes = GC.AllocateArray<byte>(checked((int)(length + Alignment)), pinned: true);
        var first = (nint)Unsafe.AsPointer(ref _bytes[0]);
        Address = (byte*)((first + Alignment - 1) & ~(nint)(Alignment - 1));
        Length = length;
    }

    /// <summary>The first byte; valid while the buffer is referred to.</summary>
    public byte* Address { get; }

    /// <summary>Usable bytes.</summary>
    public long Length { get; }
}
