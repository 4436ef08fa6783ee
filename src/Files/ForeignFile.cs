using System.Text;

namespace LoraOnnx.Files;

/// <summary>
/// The one way to open a file that comes from outside: a regular file (links are followed; no pipe, device, socket or directory, which could block
/// for ever or never end), opened once, and read up to a limit by what arrives, not by what a name's length says. A Git LFS pointer in a file's place
/// is named as such.
/// </summary>
public static class ForeignFile
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Opens a file for reading. The caller disposes.</summary>
    /// <exception cref="InputException">It is missing, not a regular file, a Git LFS pointer, or cannot be read.</exception>
    public static FileStream Open(string path)
    {
        var handle = RegularFile.Open(path);
        try
        {
            LargeFilePointer.Refuse(path, handle);
            return new FileStream(handle, FileAccess.Read, BufferBytes) { Position = 0 }; // on Windows the look at it has moved the handle on
        }
        catch (Exception failure)
        {
            handle.Dispose();
            throw failure is IOException or UnauthorizedAccessException ? InputException.Unreadable(path, failure) : failure;
        }
    }

    /// <summary>Checks that a file can be opened, for a library that opens it again by its name.</summary>
    /// <exception cref="InputException">As <see cref="Open"/>.</exception>
    public static void Require(string path) => Open(path).Dispose();

    /// <summary>The size of a file in bytes; of a link's target, not of the link.</summary>
    /// <exception cref="InputException">As <see cref="Open"/>.</exception>
    public static long LengthOf(string path)
    {
        using var stream = Open(path);
        return stream.Length;
    }

    /// <summary>All bytes of a file that is no larger than a limit; of a larger one, one byte more than the limit is read.</summary>
    /// <exception cref="InputException">As <see cref="Open"/>, or it is larger; <paramref name="kind"/> says what it then is not, such as <c>a
    /// vocabulary</c>.</exception>
    public static byte[] ReadBytes(string path, int limit, string kind, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, Array.MaxLength - 1);
        using var stream = Open(path);
        try
        {
            var bytes = new byte[(int)Math.Min(limit, stream.Length) + 1];
            var length = 0;
            for (int read; (read = stream.Read(bytes, length, Math.Min(BufferBytes, bytes.Length - length))) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                length += read;
                if (length > limit)
                {
                    throw TooLarge(path, limit, kind);
                }

                if (length == bytes.Length)
                {
                    Array.Resize(ref bytes, (int)Math.Min((2L * length) + BufferBytes, limit + 1L)); // longer than it said, as files of /proc are
                }
            }

            return length == bytes.Length ? bytes : bytes[..length];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unreadable(path, failure);
        }
    }

    /// <summary>All of a file's text, which is UTF-8, without a byte order mark.</summary>
    /// <exception cref="InputException">As <see cref="ReadBytes"/>, or it is not UTF-8.</exception>
    public static string ReadText(string path, int limit, string kind, CancellationToken cancellationToken)
    {
        var bytes = ReadBytes(path, limit, kind, cancellationToken);
        try
        {
            var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
            return text is ['\uFEFF', ..] ? text[1..] : text;
        }
        catch (DecoderFallbackException failure)
        {
            throw InputException.InFile(path, $"is not UTF-8: {failure.Message}", "save the file as UTF-8.", failure);
        }
    }

    /// <summary>The lines of a text as <see cref="ReadText"/> gives it; a line feed at the end begins no line.</summary>
    /// <exception cref="InputException">As <see cref="ReadText"/>.</exception>
    public static string[] ReadLines(string path, int limit, string kind, CancellationToken cancellationToken)
    {
        var text = ReadText(path, limit, kind, cancellationToken);
        var lines = text.Split('\n');
        return [.. (lines[^1].Length == 0 ? lines[..^1] : lines).Select(line => line.TrimEnd('\r'))];
    }

    private static InputException TooLarge(string path, int limit, string kind) => InputException.InFile(path,
        $"is larger than {(limit >= 1 << 20 ? $"{limit >> 20} MiB" : $"{limit} bytes")}; this is not {kind}.");
}
