using System.Net;
using Grpc.Net.Client;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Tests.Support;

/// <summary>A whole server on loopback, with real ports and real gRPC.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly List<GrpcChannel> _channels = [];
    private readonly TestEngine? _engine;
    private bool _stopped;

    private TestServer(ServingHost host, TestEngine? engine) => (Host, _engine) = (host, engine);

    public ServingHost Host { get; }

    public string GrpcAddress => $"127.0.0.1:{Host.GrpcAddress.Port}";

    public Uri HttpAddress => new($"http://127.0.0.1:{Host.HttpAddress.Port}/");

    public static ServingOptions Options { get; } = new() { Models = ["demo=demo"], GrpcPort = 0, HttpPort = 0, Drain = TimeSpan.FromMinutes(1) };

    public static async Task<TestServer> StartAsync(TestEngine engine, ServingOptions? options = null, TimeProvider? time = null) => new(
        await ServingHost.StartAsync(options ?? Options, engine.Load, time ?? TimeProvider.System, TestContext.Current.CancellationToken), engine);

    public static async Task<TestServer> StartAsync(LoadEngine? engine, ServingOptions? options = null) =>
        new(await ServingHost.StartAsync(options ?? Options, engine, TestContext.Current.CancellationToken), null);

    /// <summary>A connection of its own.</summary>
    public GrpcChannel Connect()
    {
        var channel = GrpcChannel.ForAddress($"http://{GrpcAddress}", new GrpcChannelOptions { MaxReceiveMessageSize = null });
        _channels.Add(channel);
        return channel;
    }

    public HttpClient Http() => new() { BaseAddress = HttpAddress, DefaultRequestVersion = HttpVersion.Version11 };

    public Task StopAsync()
    {
        _stopped = true;
        return Host.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }

        _engine?.LetGo(); // a test that failed may hold it still, and the server waits for its batch
        if (!_stopped)
        {
            await StopAsync();
        }

        await Host.DisposeAsync();
    }
}
