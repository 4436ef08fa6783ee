using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace LoraOnnx.Serving.Tests.Support;

/// <summary>Takes telemetry by HTTP, and remembers where it came and with which <c>x-tenant</c>.</summary>
internal sealed class TestCollector : IAsyncDisposable
{
    private readonly WebApplication _application;

    private TestCollector(WebApplication application) => _application = application;

    public ConcurrentQueue<(string Path, string Tenant)> Received { get; } = [];

    // started
    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<TestCollector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var collector = new TestCollector(builder.Build());
        collector._application.Run(context =>
        {
            collector.Received.Enqueue((context.Request.Path, context.Request.Headers["x-tenant"].ToString()));
            return Task.CompletedTask;
        });
        await collector._application.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
