namespace LoraOnnx.Files;

/// <summary>Writes a directory so that it appears whole or not at all: its files are written to a temporary sibling, which then takes its
/// name.</summary>
public static class AtomicDirectory
{
    /// <summary>
    /// Fills a temporary directory through <paramref name="fill"/>, which gets its path, and moves it to <paramref name="path"/>. A directory of that
    /// name is replaced; on any failure it stays as it was and the temporary one is removed.
    /// </summary>
    /// <exception cref="InputException">The parent folder cannot be written or the disk is full.</exception>
    public static void Write(string path, Action<string> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var temporary = $"{full}.{Environment.ProcessId}{AtomicFile.TemporarySuffix}";
        var replaced = $"{full}.{Environment.ProcessId}.replaced{AtomicFile.TemporarySuffix}";
        try
        {
            Delete(temporary);
            Directory.CreateDirectory(temporary);
            fill(temporary);
            Replace(full, temporary, replaced);
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

        TryDelete(replaced);
    }

    private static void Replace(string path, string by, string aside)
    {
        if (!Directory.Exists(path))
        {
            Directory.Move(by, path);
            return;
        }

        Delete(aside);
        Directory.Move(path, aside);
        try
        {
            Directory.Move(by, path);
        }
        catch
        {
            Directory.Move(aside, path);
            throw;
        }
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What was asked for is done, or the write's own error is the one to report.
        }
    }
}
