namespace LoraOnnx.Kernels;

/// <summary>Cuts a buffer into arrays that start on 64-byte boundaries.</summary>
internal unsafe ref struct Scratch(AlignedBuffer buffer)
{
    private const int Arrays = 12;

    private long _used;

    /// <summary>Bytes to ask for when arrays of so many bytes in all will be taken: each may start up to 63 bytes later.</summary>
    public static long Bytes(long arrays) => arrays + (Arrays * AlignedBuffer.Alignment);

    /// <summary>The next array.</summary>
    public T* Take<T>(long length)
        where T : unmanaged
    {
        var place = _used;
        _used += ((length * sizeof(T)) + AlignedBuffer.Alignment - 1) / AlignedBuffer.Alignment * AlignedBuffer.Alignment;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_used, buffer.Length, nameof(length));
        return (T*)(buffer.Address + place);
    }
}
