using System.Runtime.ExceptionServices;

namespace LoraOnnx.Client;

/// <summary>
/// How long a stream waits for an answer: the time runs only while the caller asks for one and the server owes one. A producer that pauses, and a
/// consumer that takes its time, cost the server nothing. Thread-safe.
/// </summary>
internal sealed class StreamProgress(TimeSpan timeout, TimeProvider time)
{
    private readonly object _lock = new();
    private CancellationTokenSource? _late; // while the caller waits
    private int _owed;
    private volatile ExceptionDispatchInfo? _failure;

    /// <summary>What the caller's texts threw, if they did.</summary>
    public ExceptionDispatchInfo? Failure
    {
        get => _failure;
        set => _failure = value;
    }

    /// <summary>The server is about to get something to answer: a text, or the word that there are no more.</summary>
    public void Ask()
    {
        lock (_lock)
        {
            if (_owed++ == 0)
            {
                _late?.CancelAfter(timeout);
            }
        }
    }

    /// <summary>The caller waits; what it gets is cancelled when that takes too long, and the caller's to dispose after <see cref="End"/>.</summary>
    public CancellationTokenSource Begin()
    {
        lock (_lock)
        {
            var late = new CancellationTokenSource(_owed > 0 ? timeout : Timeout.InfiniteTimeSpan, time);
            _late = late;
            return late;
        }
    }

    /// <summary>The caller has what it waited for.</summary>
    public void End(bool answered)
    {
        lock (_lock)
        {
            _late = null;
            _owed -= answered ? 1 : 0;
        }
    }
}
