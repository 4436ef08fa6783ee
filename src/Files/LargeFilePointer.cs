using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LoraOnnx.Files;

/// <summary>What Git leaves in the place of a large file that was not fetched: three lines that name its hash and its size.</summary>
internal static class LargeFilePointer
{
    /// <summary>The format's own bound.</summary>
    private const int LargestPointer = 1024;

    private static ReadOnlySpan<byte> Start => "version https://git-lfs.github.com/spec/"u8;

    /// <exception cref="InputException">The file is such a pointer.</exception>
    public static void Refuse(string path, SafeFileHandle handle)
    {
        var length = RandomAccess.GetLength(handle);
        if (length < Start.Length || length > LargestPointer)
        {
            return;
        }

        Span<byte> bytes = stackalloc byte[LargestPointer];
        bytes = bytes[..RandomAccess.Read(handle, bytes, 0)];
        if (bytes.StartsWith(Start))
        {
            const string Size = "\nsize ";
            var text = Encoding.UTF8.GetString(bytes);
            var size = text.IndexOf(Size, StringComparison.Ordinal) is >= 0 and var at ? text[(at + Size.Length)..].Split('\n')[0] : "unknown";
            throw InputException.InFile(path, $"is a Git LFS pointer, not the file itself (which has {size} bytes).",
                "run 'git lfs pull' in the repository it was cloned from, or download the file itself.");
        }
    }
}
