using System.Runtime.InteropServices;

namespace LoraOnnx.Kernels.Code;

/// <summary>
/// Machine code in memory that is first writable, then executable, and never both. It stays until the process ends: there are a few pages of it,
/// made once. A system that allows no such change (SELinux without execmem, PR_SET_MDWE, systemd's MemoryDenyWriteExecute) gets a plain answer.
/// </summary>
internal static partial class ExecutableMemory
{
    private const int Read = 1;
    private const int Write = 2;
    private const int Execute = 4;
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS on Linux
    private const nint Failed = -1;

    /// <summary>The address of the code, or 0 and the reason why this system has no place for it.</summary>
    public static unsafe (nint Address, string? Refusal) Place(ReadOnlySpan<byte> code)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return (0, "code is emitted on linux-x64 only");
        }

        var length = (nuint)code.Length;
        var address = Map(0, length, Read | Write, PrivateAnonymous, -1, 0);
        if (address == Failed)
        {
            return (0, $"no memory for emitted code: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        code.CopyTo(new Span<byte>((void*)address, code.Length));
        if (Protect(address, length, Read | Execute) == 0)
        {
            return (address, null);
        }

        var reason = Marshal.GetLastPInvokeErrorMessage();
        _ = Unmap(address, length);
        return (0, $"this system lets no memory become executable: {reason}");
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
