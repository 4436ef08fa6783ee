namespace LoraOnnx.Serving.Transports.Grpc;

/// <summary>Bytes that the unanswered requests of one stream hold; who would read on waits while they are too many. One reader, one writer.</summary>
internal sealed class ByteWindow(long mostBytes)
{
    private readonly Lock _lock = new();
    private long _held;
    private TaskCompletionSource? _room;

    public void Add(long bytes)
    {
        lock (_lock)
        {
            _held += bytes;
        }
    }

    public void Return(long bytes)
    {
        lock (_lock)
        {
            _held -= bytes;
            if (_held < mostBytes)
            {
                _room?.SetResult();
                _room = null;
            }
        }
    }

    /// <summary>Comes back when there is room for a further request, of whatever size.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _held < mostBytes ? Task.CompletedTask
                : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);
        }
    }
}
