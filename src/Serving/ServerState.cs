namespace LoraOnnx.Serving;

/// <summary>Whether the server is on its way out, and how many calls run. Thread-safe.</summary>
internal sealed class ServerState : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;

    /// <summary>Cancelled when draining begins: open streams answer what they have read and end.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Calls that run, streams included.</summary>
    public int Calls => Volatile.Read(ref _calls);

    public void CallBegins() => Interlocked.Increment(ref _calls);

    public void CallEnds()
    {
        if (Interlocked.Decrement(ref _calls) == 0 && _stopping.IsCancellationRequested)
        {
            _idle.TrySetResult();
        }
    }

    /// <summary>Begins to drain; the task ends when the last call has.</summary>
    public Task StopAsync()
    {
        _stopping.Cancel();
        if (Calls == 0)
        {
            _idle.TrySetResult();
        }

        return _idle.Task;
    }

    public void Dispose() => _stopping.Dispose();
}
