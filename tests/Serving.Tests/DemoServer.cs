using Grpc.Net.Client;
using LoraOnnx.Model;
using LoraOnnx.Serving.Tests;

[assembly: AssemblyFixture(typeof(DemoOnnx))]

namespace LoraOnnx.Serving.Tests;

/// <summary>The demo model served twice, as <c>sentiment</c> and as <c>second</c>, on free loopback ports.</summary>
public sealed class DemoServer(DemoOnnx demo) : IAsyncLifetime
{
    private ServingHost? _host;

    public GrpcChannel Channel { get; private set; } = null!; // set before any test runs

    public string Address => $"{_host!.GrpcAddress}";

    public string MetricsUrl => $"http://{_host!.HttpAddress}/metrics";

    public string Model => demo.Path;

    public async ValueTask InitializeAsync()
    {
        var options = new ServingOptions
        {
            Models = [$"sentiment={demo.Path}", $"second@v2={demo.Path}"],
            GrpcPort = 0,
            HttpPort = 0,
            Device = ComputeDevice.Cpu,
            MaxTextChars = 1_000,
            MaxBatchTexts = 20,
        };
        _host = await ServingHost.StartAsync(options, engine: null, CancellationToken.None);
        Channel = GrpcChannel.ForAddress($"http://{Address}");
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _host!.StopAsync();
        await _host.DisposeAsync();
    }
}
