namespace LoraOnnx.Files;

/// <summary>Locks between processes: a file opened with <see cref="FileShare.None"/>.</summary>
public static class FileLocks
{
    /// <summary>True when opening failed because another process has the file: EWOULDBLOCK (11; 35 on macOS) on Unix, ERROR_SHARING_VIOLATION on
    /// Windows.</summary>
    public static bool IsHeldByAnother(IOException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure.HResult is 11 or 35 or unchecked((int)0x80070020);
    }
}
