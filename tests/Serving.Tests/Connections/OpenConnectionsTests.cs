using LoraOnnx.Serving.Connections;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace LoraOnnx.Serving.Tests.Connections;

public sealed class OpenConnectionsTests : IDisposable
{
    private readonly OpenConnections _connections =
        new(new ConnectionLimits(Open: 3, Closing: 1), new ManualTime(), NullLogger<OpenConnections>.Instance);

    public void Dispose() => _connections.Dispose();

    [Fact]
    public async Task Those_that_never_asked_make_room_first_then_those_idle_longest_and_busy_ones_never()
    {
        var busy = await OpenAsync();
        using var request = Begin(busy);
        var idle = await OpenAsync();
        Begin(idle)!.Dispose();
        var silent = await OpenAsync();

        var first = await OpenAsync();
        Assert.Equal([false, false, true, false], new[] { busy, idle, silent, first }.Select(IsClosed));

        using var more = Begin(first);
        var second = await OpenAsync();
        Assert.Equal([false, true, false, false], new[] { busy, idle, first, second }.Select(IsClosed));

        using var most = Begin(second);
        Assert.True(IsClosed(await OpenAsync())); // all three are at work
        Assert.Equal([false, false, false], new[] { busy, first, second }.Select(IsClosed));
    }

    [Fact]
    public async Task A_connection_with_two_requests_is_idle_after_the_second()
    {
        var shared = await OpenAsync();
        var (one, two) = (Begin(shared), Begin(shared));
        one!.Dispose();
        _ = (Begin(await OpenAsync()), Begin(await OpenAsync()));

        Assert.True(IsClosed(await OpenAsync()));
        two!.Dispose();
        Assert.False(IsClosed(await OpenAsync()));
        Assert.True(IsClosed(shared));
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(256)]
    [InlineData(65_536)]
    public void There_are_descriptors_for_every_connection_and_a_reserve(int descriptors)
    {
        var limits = ConnectionLimits.For(descriptors);

        Assert.InRange(limits.Open + limits.Closing, descriptors / 4, descriptors - Math.Min(384, descriptors / 2));
        Assert.True(limits.Open > limits.Closing && limits.Closing > 0);
    }

    private async Task<DefaultConnectionContext> OpenAsync()
    {
        await _connections.TakeRoomAsync(TestContext.Current.CancellationToken); // stands still where the count of those that left is wrong
        var connection = new DefaultConnectionContext();
        _connections.Add(connection);
        if (IsClosed(connection))
        {
            connection.Close();
        }

        return connection;
    }

    private static bool IsClosed(DefaultConnectionContext connection) => connection.ConnectionClosed.IsCancellationRequested;

    private static IDisposable? Begin(ConnectionContext connection)
    {
        var context = new DefaultHttpContext();
        context.Features.Set(connection.Features.Get<IConnectionItemsFeature>());
        return OpenConnections.BeginRequest(context);
    }

    /// <summary>A connection without a socket.</summary>
    private sealed class DefaultConnectionContext : Microsoft.AspNetCore.Connections.DefaultConnectionContext
    {
        private readonly CancellationTokenSource _closed = new();

        public DefaultConnectionContext() => ConnectionClosed = _closed.Token;

        public override void Abort(ConnectionAbortedException abortReason) => Close();

        public void Close() => _closed.Cancel();
    }
}
