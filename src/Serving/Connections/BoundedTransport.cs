using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace LoraOnnx.Serving.Connections;

/// <summary>Kestrel's sockets, accepted only while there are descriptors for them: an accept without one ends the process.</summary>
internal sealed class BoundedTransport(OpenConnections connections, IOptions<SocketTransportOptions> options, ILoggerFactory loggers)
    : IConnectionListenerFactory
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await _sockets.BindAsync(endpoint, cancellationToken), connections);

    private sealed class Listener(IConnectionListener sockets, OpenConnections connections) : IConnectionListener
    {
        private readonly CancellationTokenSource _unbound = new();

        public EndPoint EndPoint => sockets.EndPoint;

        /// <summary>Null when the port is closed.</summary>
        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                await connections.TakeRoomAsync(_unbound.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }

            ConnectionContext? connection = null;
            try
            {
                connection = await sockets.AcceptAsync(cancellationToken);
            }
            finally
            {
                if (connection is null)
                {
                    connections.LeaveRoom();
                }
            }

            if (connection is not null)
            {
                connections.Add(connection);
            }

            return connection;
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _unbound.CancelAsync();
            await sockets.UnbindAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await _unbound.CancelAsync();
            await sockets.DisposeAsync();
        }
    }
}
