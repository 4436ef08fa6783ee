using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Admission;

/// <summary>What one request holds of the <see cref="RequestMemory"/>; all of it is given back at its end. Thread-safe.</summary>
internal sealed class RequestLedger(RequestMemory memory) : IDisposable
{
    private static readonly CallError _full =
        new(ErrorKind.ResourceExhausted, "too busy: the requests in flight hold as much memory as they may.",
            retryAfter: TimeSpan.FromMilliseconds(100));

    private long _held;

    public long Held => Interlocked.Read(ref _held);

    /// <summary>An error when there is no room for so many more bytes.</summary>
    public CallError? Take(long bytes)
    {
        if (!memory.TryTake(bytes))
        {
            return _full;
        }

        Interlocked.Add(ref _held, bytes);
        return null;
    }

    public void Return(long bytes)
    {
        Interlocked.Add(ref _held, -bytes);
        memory.Return(bytes);
    }

    public void Dispose() => memory.Return(Interlocked.Exchange(ref _held, 0));
}
