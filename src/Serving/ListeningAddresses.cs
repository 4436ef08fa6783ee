using System.Net;
using System.Net.Sockets;

namespace LoraOnnx.Serving;

/// <summary>Where the server was asked to listen: gRPC and HTTP.</summary>
internal sealed record ListeningAddresses(IPEndPoint Grpc, IPEndPoint Http)
{
    /// <summary>The host is not an address, or both ports are the same.</summary>
    /// <exception cref="InputException">One of the two.</exception>
    public static ListeningAddresses Of(ServingOptions options)
    {
        var address = AddressOf(options.Host);
        return options.GrpcPort == options.HttpPort && options.GrpcPort != 0
            ? throw new InputException($"--grpc-port and --http-port are both {options.GrpcPort}.", "gRPC and HTTP need a port each.")
            : new ListeningAddresses(new IPEndPoint(address, options.GrpcPort), new IPEndPoint(address, options.HttpPort));
    }

    /// <summary>The addresses with the ports that the system chose. The server listens there and nowhere else: not on one address more, whoever asked
    /// for it.</summary>
    /// <exception cref="InputException">It does not.</exception>
    public ListeningAddresses Bound(IEnumerable<string> addresses)
    {
        var bound = addresses.Select(address => IPEndPoint.Parse(new Uri(address).Authority)).ToArray();
        return bound is [var grpc, var http] && IsMeant(Grpc, grpc) && IsMeant(Http, http)
            ? new ListeningAddresses(grpc, http)
            : throw new InputException($"listening on {string.Join(", ", (object[])bound)}, asked for {Grpc} and {Http}.",
                "something outside of lora-serve's options opened or moved a port; the server ends rather than stay open there.");
    }

    /// <summary>Takes the ports for a moment: one that cannot be had must not cost the time of loading models.</summary>
    /// <exception cref="InputException">A port is in use, or not for this user, or the address is another machine's.</exception>
    public void Try()
    {
        foreach (var (address, option) in ((IPEndPoint, string)[])[(Grpc, "--grpc-port"), (Http, "--http-port")])
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(address);
            }
            catch (SocketException failure)
            {
                throw Unusable(address, option, failure);
            }
        }
    }

    private static InputException Unusable(IPEndPoint address, string option, SocketException failure) => failure.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => PortInUse($"{address}", failure),
        SocketError.AccessDenied => new InputException($"{address}: this user may not listen on port {address.Port}; ports below 1024 are for root.",
            $"give {option} 1024 or more, or the program the capability CAP_NET_BIND_SERVICE.", failure),
        _ => new InputException($"--host {address.Address}: cannot listen: {failure.Message}",
            "use an address of this machine, such as 127.0.0.1 or 0.0.0.0.", failure),
    };

    /// <summary>Another program has the port.</summary>
    public static InputException PortInUse(string address, Exception failure) =>
        new($"{address}: address already in use.", "another program has the port; choose another with --grpc-port or --http-port, 0 for a free one.",
            failure);

    private static bool IsMeant(IPEndPoint asked, IPEndPoint bound) =>
        bound.Address.Equals(asked.Address) && (asked.Port == 0 || bound.Port == asked.Port);

    private static IPAddress AddressOf(string host) => host == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(host, out var address) ? address
        : throw new InputException($"--host '{host}' is not an address; expected one such as 127.0.0.1 or 0.0.0.0.",
            "the host is the address to listen on, not the server's name.");
}
