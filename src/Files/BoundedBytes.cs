namespace LoraOnnx.Files;

/// <summary>Reads streams of strangers no further than a limit.</summary>
public static class BoundedBytes
{
    /// <summary>All bytes, or null where there are more than the limit.</summary>
    public static byte[]? ReadAll(Stream stream, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var bytes = new MemoryStream();
        var part = new byte[1 << 16];
        for (int read; (read = stream.Read(part)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bytes.Write(part, 0, read);
            if (bytes.Length > limit)
            {
                return null;
            }
        }

        return bytes.ToArray();
    }
}
