using System.Runtime.InteropServices;

namespace LoraOnnx.Inference.Variants;

/// <summary>
/// The numbers of an adapter in native memory, one block: given back to the system at once when the adapter is no longer served and the last run that
/// uses it has ended.
/// </summary>
internal sealed unsafe class VariantMemory : SafeHandle
{
    private const nuint Alignment = 64;

    private readonly long _length;
    private long _used;

    /// <summary>Room for so many numbers.</summary>
    public VariantMemory(long numbers)
        : base(0, ownsHandle: true)
    {
        _length = numbers;
        SetHandle((nint)NativeMemory.AlignedAlloc(checked((nuint)Math.Max(1, numbers) * sizeof(float)), Alignment));
    }

    /// <summary>Its size.</summary>
    public long Bytes => _length * sizeof(float);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>The next so many numbers, in use as long as this is.</summary>
    public float* Take(long numbers)
    {
        var place = (float*)handle + _used;
        _used += numbers;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_used, _length, nameof(numbers));
        return place;
    }

    /// <summary>The next so many numbers, filled.</summary>
    public float* Store(ReadOnlySpan<float> values)
    {
        var place = Take(values.Length);
        values.CopyTo(new Span<float>(place, values.Length));
        return place;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
