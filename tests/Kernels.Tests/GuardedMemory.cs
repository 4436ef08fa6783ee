using System.Runtime.InteropServices;

namespace LoraOnnx.Kernels.Tests;

/// <summary>
/// Memory between two unmapped pages: what reads or writes a byte beyond its end (or, when asked for, before its start) brings the process down.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private static readonly nuint _page = (nuint)Environment.SystemPageSize;

    private readonly nint _map;
    private readonly nuint _length;

    /// <summary>Takes <paramref name="bytes"/> that end at an unmapped page, or start behind one where <paramref name="atStart"/>.</summary>
    public GuardedMemory(int bytes, bool atStart = false)
    {
        var inside = ((nuint)bytes + _page - 1) / _page * _page;
        _length = inside + (2 * _page);
        _map = Map(0, _length, 0, 0x22, -1, 0); // PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS
        Assert.NotEqual(-1, _map);
        Assert.Equal(0, Protect(_map + (nint)_page, inside, 3)); // PROT_READ | PROT_WRITE
        Address = _map + (nint)_page + (atStart ? 0 : (nint)(inside - (nuint)bytes));
    }

    public GuardedMemory(ReadOnlySpan<float> values, bool atStart = false)
        : this(values.Length * sizeof(float), atStart) => values.CopyTo(new Span<float>(Floats, values.Length));

    public nint Address { get; }

    public float* Floats => (float*)Address;

    public void Dispose() => _ = Unmap(_map, _length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
