namespace LoraOnnx.Serving.Admission;

/// <summary>
/// The bytes that requests in flight hold, over the whole process: what was read of bodies, and what objects were made of them. Thread-safe.
/// </summary>
internal sealed class RequestMemory(int maxMessageMebibytes)
{
    private long _held;

    /// <summary>Room for four of the largest requests, each as bytes and as UTF-16 texts beside them; at least 256 MiB.</summary>
    public long MostBytes { get; } = Math.Max(256L << 20, 12L * maxMessageMebibytes << 20);

    public long Held => Interlocked.Read(ref _held);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= MostBytes)
        {
            return true;
        }

        Interlocked.Add(ref _held, -bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref _held, -bytes);
}
