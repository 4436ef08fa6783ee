using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace LoraOnnx.Serving.Connections;

/// <summary>
/// The connections of all ports. When there are too many, the one that has been idle longest makes room for a new one, those that never made a
/// request first; where every connection has a request running, the new one is closed. Thread-safe.
/// </summary>
internal sealed class OpenConnections(ConnectionLimits limits, TimeProvider time, ILogger<OpenConnections> logger) : IDisposable
{
    private static readonly TimeSpan _warningInterval = TimeSpan.FromMinutes(1);

    private readonly object _lock = new();
    private readonly SemaphoreSlim _room = new(limits.Open + limits.Closing);
    private readonly LinkedList<OpenConnection> _silent = []; // without a request so far, the oldest first
    private readonly LinkedList<OpenConnection> _idle = []; // between requests, idle longest first
    private int _count;
    private long? _warned;

    /// <summary>Connections that are open or on their way out.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Connections since the start.</summary>
    public long Opened { get; private set; }

    /// <summary>Waits until a descriptor is free for one more connection; ends with <see cref="Add"/> or <see cref="LeaveRoom"/>.</summary>
    public Task TakeRoomAsync(CancellationToken cancellationToken) => _room.WaitAsync(cancellationToken);

    /// <summary>There was no connection for the room that was taken.</summary>
    public void LeaveRoom() => _room.Release();

    /// <summary>Takes a connection in; closes another one, or this one, when there are too many.</summary>
    public void Add(ConnectionContext context)
    {
        var connection = new OpenConnection(this, context);
        context.Items[typeof(OpenConnection)] = connection;
        OpenConnection? leaving = null;
        lock (_lock)
        {
            connection.Place = _silent.AddLast(connection);
            Opened++;
            if (++_count > limits.Open)
            {
                leaving = (_silent.First!.Value == connection ? _idle.First?.Value : null) ?? _silent.First.Value; // at least the new one is silent
                leaving.Forget();
                Warn();
            }
        }

        context.ConnectionClosed.UnsafeRegister(_ => Remove(connection), null);
        leaving?.Context.Abort(new ConnectionAbortedException("Closed to make room for another connection."));
    }

    /// <summary>Counts a request on its connection; dispose the result when it has ended.</summary>
    public static IDisposable? BeginRequest(HttpContext context)
    {
        if (context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(typeof(OpenConnection), out var item) != true)
        {
            return null;
        }

        var connection = (OpenConnection)item!; // nobody else has the key
        connection.Begin();
        return connection;
    }

    public void Dispose() => _room.Dispose();

    private void Remove(OpenConnection connection)
    {
        lock (_lock)
        {
            connection.Forget();
            _count--;
        }

        try
        {
            _room.Release();
        }
        catch (ObjectDisposedException)
        {
            // The server is gone, and with it all its connections.
        }
    }

    private void Warn()
    {
        if (_warned is { } before && time.GetElapsedTime(before) < _warningInterval)
        {
            return;
        }

        _warned = time.GetTimestamp();
        ServingLog.ConnectionsFull(logger, limits.Open);
    }

    /// <summary>One connection, in one of the lists while it has no request; disposed once for every request.</summary>
    private sealed class OpenConnection(OpenConnections all, ConnectionContext context) : IDisposable
    {
        private int _requests;
        private bool _closed;

        public ConnectionContext Context { get; } = context;

        public LinkedListNode<OpenConnection>? Place { get; set; }

        public void Begin()
        {
            lock (all._lock)
            {
                if (_requests++ == 0)
                {
                    LeaveList();
                }
            }
        }

        public void Dispose()
        {
            lock (all._lock)
            {
                if (--_requests == 0 && !_closed)
                {
                    Place = all._idle.AddLast(this);
                }
            }
        }

        /// <summary>It is no longer one that could make room.</summary>
        public void Forget()
        {
            _closed = true;
            LeaveList();
        }

        private void LeaveList()
        {
            Place?.List?.Remove(Place);
            Place = null;
        }
    }
}
