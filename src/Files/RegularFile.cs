using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraOnnx.Files;

/// <summary>
/// Opens a file and looks at the kind of what was opened, in this order, so that nothing can be put in its place in between. .NET's own opening waits
/// for ever at a pipe that nobody writes to, and reads devices as files.
/// </summary>
internal static partial class RegularFile
{
    /// <summary>Read, do not wait for a writer of a pipe, not inherited by child processes: O_RDONLY | O_NONBLOCK | O_CLOEXEC.</summary>
    private static readonly int _flags = OperatingSystem.IsMacOS() ? 0x0000004 | 0x1000000 : 0x800 | 0x80000;

    private const int KindMask = 0xF000;

    public static SafeFileHandle Open(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw InputException.InFile(path, "is not the name of a file: it holds a NUL character.");
        }

        return OperatingSystem.IsWindows() ? OpenOnWindows(path) : OpenOnUnix(path);
    }

    private static SafeFileHandle OpenOnUnix(string path)
    {
        int descriptor;
        const int Interrupted = 4;
        do
        {
            descriptor = OpenUnix(path, _flags);
        }
        while (descriptor < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        if (descriptor < 0)
        {
            throw Failure(path, Marshal.GetLastPInvokeError());
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            return (KindOf(path, descriptor) & KindMask) switch
            {
                0x8000 => handle,
                0x4000 => throw NotAFile(path, "a directory"),
                0x1000 => throw NotAFile(path, "a named pipe"),
                0x2000 or 0x6000 => throw NotAFile(path, "a device"),
                0xC000 => throw NotAFile(path, "a socket"),
                _ => throw NotAFile(path, "something else"),
            };
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The st_mode of an open file. Linux's statx has one layout on all processors; stat has not.</summary>
    private static ushort KindOf(string path, int descriptor)
    {
        Span<byte> status = stackalloc byte[256];
        if (OperatingSystem.IsMacOS())
        {
            return StatusOnMac(descriptor, status) == 0
                ? BinaryPrimitives.ReadUInt16LittleEndian(status[4..])
                : throw Failure(path, Marshal.GetLastPInvokeError());
        }

        const int OfTheDescriptor = 0x1000; // AT_EMPTY_PATH
        const uint Kind = 1; // STATX_TYPE
        return StatusOnLinux(descriptor, "", OfTheDescriptor, Kind, status) == 0 ? BinaryPrimitives.ReadUInt16LittleEndian(status[28..])
            : throw Failure(path, Marshal.GetLastPInvokeError());
    }

    private static SafeFileHandle OpenOnWindows(string path)
    {
        try
        {
            const uint Disk = 1;
            // As elsewhere: a file that is read may be written to, renamed over and deleted meanwhile.
            var handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            if (FileTypeOnWindows(handle) == Disk)
            {
                return handle;
            }

            handle.Dispose();
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw InputException.InFile(path, "no such file.", inner: failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Directory.Exists(path) ? NotAFile(path, "a directory") : InputException.Unreadable(path, failure);
        }

        throw NotAFile(path, "a pipe or a device");
    }

    private static InputException NotAFile(string path, string kind) => InputException.InFile(path, $"is {kind}, expected a regular file.");

    private static InputException Failure(string path, int error)
    {
        const int NotPermitted = 1, Missing = 2, Denied = 13, NoReader = 6, PartIsNoDirectory = 20;
        return error switch
        {
            Missing or PartIsNoDirectory => InputException.InFile(path, "no such file."),
            NotPermitted or Denied => InputException.Unreadable(path, new UnauthorizedAccessException()),
            NoReader => NotAFile(path, "a socket or a device"),
            _ => InputException.Unreadable(path, new Win32Exception(error)),
        };
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenUnix(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int StatusOnLinux(int directory, string path, int flags, uint mask, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
    private static partial int StatusOnMac(int descriptor, Span<byte> status);

    [LibraryImport("kernel32", EntryPoint = "GetFileType")]
    private static partial uint FileTypeOnWindows(SafeFileHandle handle);
}
