using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LoraOnnx.Training.Torch;

/// <summary>
/// Memory of large tensors on Linux. libtorch takes each tensor from glibc, which either maps it anew every time, and then the page faults of
/// touching it take several times as long as the arithmetic on it, or keeps it in a heap that grows from step to step because small objects settle in
/// its gaps. Here large tensors have a range of addresses to themselves, in huge pages where the kernel grants them.
/// </summary>
/// <remarks>
/// libtorch has a hook for this, c10::SetAllocator, but only for C++: the allocator is an object with a table of virtual functions. A copy of the
/// default allocator's table with two functions replaced serves. Its layout is checked against what the library exports and returns; where it is
/// another, everything stays as it was. Decision 16 has the figures.
/// </remarks>
internal static unsafe partial class TensorMemory
{
    /// <summary>The environment variable that leaves tensors to libtorch's own allocator.</summary>
    public const string SwitchName = "LORA_TRAIN_TENSOR_MEMORY";

    /// <summary>Smaller tensors stay with the default allocator.</summary>
    private const nuint LeastBytes = 64 << 10;

    // The table: two destructors, then these, in the order of c10/core/Allocator.h; before it two words that belong to it.
    private const int WordsBefore = 2;
    private const int AllocateSlot = 2;
    private const int IsSimpleSlot = 3;
    private const int DeleterSlot = 4;
    private const int TableWords = WordsBefore + 6;

    private const short AnyProcessor = unchecked((short)0xFF00); // c10::Device: type CPU (0), index -1
    private const byte Priority = 1; // above the default allocator's 0

    private static readonly Lock _installing = new();
    private static bool _tried;
    private static AddressRange? _range;
    private static nint* _default; // the default allocator, a pointer to its table

    /// <summary>The range in use, or null when the default allocator serves all tensors.</summary>
    internal static AddressRange? Range => _range;

    /// <summary>Whether the environment leaves it switched on: <c>range</c>, as without a word, or <c>libtorch</c>.</summary>
    /// <exception cref="InputException">It says something else.</exception>
    public static bool IsWanted(string? said) => said is null or "" or "range"
        || (said == "libtorch" ? false : throw new InputException($"{SwitchName} is '{said}', expected range or libtorch."));

    /// <summary>From now on large tensors come from the range. libtorch must be loaded; further calls do nothing.</summary>
    public static void Install()
    {
        lock (_installing)
        {
            if (!_tried && OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64)
            {
                TryInstall();
            }

            _tried = true;
        }
    }

    private static void TryInstall()
    {
        if (NativeTorch.Core() is not { } core
            || !NativeLibrary.TryGetExport(core, "_ZN3c1012GetAllocatorERKNS_10DeviceTypeE", out var get)
            || !NativeLibrary.TryGetExport(core, "_ZN3c1012SetAllocatorENS_10DeviceTypeEPNS_9AllocatorEh", out var set)
            || !NativeLibrary.TryGetExport(core, "_ZNK3c109Allocator18is_simple_data_ptrERKNS_7DataPtrE", out var isSimple))
        {
            return;
        }

        sbyte processor = 0;
        _default = ((delegate* unmanaged<sbyte*, nint*>)get)(&processor);
        var table = (nint*)*_default;
        if (table[IsSimpleSlot] != isSimple || !LayoutIsKnown(table) || Reserve() is not { } range)
        {
            return;
        }

        // Never freed: tensors live as long as the process.
        var own = (nint*)NativeMemory.Alloc((nuint)(TableWords + 1), (nuint)sizeof(nint));
        new ReadOnlySpan<nint>(table - WordsBefore, TableWords).CopyTo(new Span<nint>(own + 1, TableWords));
        own[1 + WordsBefore + AllocateSlot] = (nint)(delegate* unmanaged<DataPointer*, nint*, nuint, DataPointer*>)&Allocate;
        own[1 + WordsBefore + DeleterSlot] = (nint)(delegate* unmanaged<nint*, nint>)&Deleter;
        own[0] = (nint)(own + 1 + WordsBefore); // the object: nothing but a pointer to its table
        _range = range;
        ((delegate* unmanaged<sbyte, nint*, byte, void>)set)(processor, own, Priority);
    }

    /// <summary>Whether a block of the default allocator looks as <see cref="DataPointer"/> says, with the deleter that the table names.</summary>
    private static bool LayoutIsKnown(nint* table)
    {
        DataPointer sample;
        DefaultAllocate(&sample, 1);
        var deleter = ((delegate* unmanaged<nint*, nint>)table[DeleterSlot])(_default);
        var known = sample.Data != 0 && sample.Context == sample.Data && sample.Deleter == deleter && sample.Device == AnyProcessor;
        if (known)
        {
            ((delegate* unmanaged<nint, void>)deleter)(sample.Context);
        }

        return known;
    }

    /// <summary>As many addresses as the machine has memory; pages come when they are touched.</summary>
    private static AddressRange? Reserve()
    {
        const int ReadAndWrite = 3;
        const int PrivateAnonymousUnreserved = 0x4022;
        const int HugePages = 14;
        var length = (nint)Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, nint.MaxValue);
        var start = Map(0, length, ReadAndWrite, PrivateAnonymousUnreserved, -1, 0);
        if (start == -1)
        {
            return null; // a limit on addresses
        }

        _ = Advise(start, length, HugePages);
        return new AddressRange(start, length);
    }

    [UnmanagedCallersOnly]
    private static DataPointer* Allocate(DataPointer* result, nint* self, nuint bytes)
    {
        if (bytes >= LeastBytes && bytes <= (nuint)_range!.Length && _range.Take((nint)bytes) is not 0 and var address)
        {
            *result = new DataPointer
            {
                Data = address,
                Deleter = (nint)(delegate* unmanaged<nint, void>)&Free,
                Context = address,
                Device = AnyProcessor,
            };
            return result;
        }

        return DefaultAllocate(result, bytes);
    }

    [UnmanagedCallersOnly]
    private static nint Deleter(nint* self) => (nint)(delegate* unmanaged<nint, void>)&Free;

    [UnmanagedCallersOnly]
    private static void Free(nint address)
    {
        if (_range!.Contains(address))
        {
            try
            {
                _range.Return(address);
            }
            catch (UnreachableException failure)
            {
                Environment.FailFast(failure.Message, failure); // native code called: nothing may be thrown through it
            }
        }
        else
        {
            ((delegate* unmanaged<nint, void>)((delegate* unmanaged<nint*, nint>)((nint*)*_default)[DeleterSlot])(_default))(address);
        }
    }

    private static DataPointer* DefaultAllocate(DataPointer* result, nuint bytes) =>
        ((delegate* unmanaged<DataPointer*, nint*, nuint, DataPointer*>)((nint*)*_default)[AllocateSlot])(result, _default, bytes);

    [LibraryImport("libc.so.6", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc.so.6", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nint length, int advice);

    /// <summary>c10::DataPtr: a block, a context with its deleter (std::unique_ptr has the deleter first), and a device.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct DataPointer
    {
        public nint Data;
        public nint Deleter;
        public nint Context;
        public short Device;
    }
}
