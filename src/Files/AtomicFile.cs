namespace LoraOnnx.Files;

/// <summary>Writes a file so that a reader sees the old content or the new, never a part: temporary sibling, flush to disk, rename.</summary>
public static class AtomicFile
{
    /// <summary>Ends the name of every temporary sibling, so that leftovers of a killed process can be told apart.</summary>
    public const string TemporarySuffix = ".partial";

    /// <summary>Writes <paramref name="path"/> through <paramref name="write"/>; on any failure the old file stays and the temporary one is
    /// removed.</summary>
    /// <exception cref="InputException">The folder cannot be written or the disk is full.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        var temporary = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}{TemporarySuffix}";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception failure)
        {
            TryDelete(temporary);
            if (failure is IOException or UnauthorizedAccessException)
            {
                throw InputException.Unwritable(path, failure);
            }

            throw;
        }
    }

    /// <summary>Writes UTF-8 text without a byte order mark, atomically.</summary>
    public static void WriteText(string path, string text) => Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, leaveOpen: true);
        writer.Write(text);
    });

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // The write's own error is the one to report.
        }
        catch (UnauthorizedAccessException)
        {
        }
    }
}
