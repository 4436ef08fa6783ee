using System.Runtime.ExceptionServices;

namespace LoraOnnx.Client;

/// <summary>
/// How long a stream waits for an answer: the time runs only while the caller asks for one and the server owes one. A producer that pauses, and a
/// consumer that takes its time, cost the server nothing. Thread-safe.
/// </summary>
internal sealed class StreamProgress(TimeSpan timeout)
{
    private readonly object _lock = new();
    private CancellationTokenSource? _waiting;
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
                _waiting?.CancelAfter(timeout);
            }
        }
    }

    /// <summary>The caller waits; the token is cancelled when that takes too long.</summary>
    public CancellationTokenSource Begin(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _waiting.CancelAfter(_owed > 0 ? timeout : Timeout.InfiniteTimeSpan);
            return _waiting;
        }
    }

    /// <summary>The caller has what it waited for.</summary>
    public void End(bool answered)
    {
        lock (_lock)
        {
            _waiting = null;
            _owed -= answered ? 1 : 0;
        }
    }
}
