using System.Threading.Channels;
using Grpc.Core;
using LoraOnnx.Client;
using LoraOnnx.Serving.Connections;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;
using Microsoft.Extensions.DependencyInjection;

namespace LoraOnnx.Serving.Tests;

/// <summary>The .NET client in trouble: its caller's, the server's, and none.</summary>
public sealed class ClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task An_exception_in_the_callers_texts_is_that_exception(int textsBefore)
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        using var client = new SentimentClient(server.GrpcAddress);
        var expected = new FormatException("row 4 is no text");

        async IAsyncEnumerable<string> TextsAsync()
        {
            for (var number = 0; number < textsBefore; number++)
            {
                yield return $"text {number}";
            }

            await Task.Yield();
            throw expected;
        }

        var seen = await Assert.ThrowsAsync<FormatException>(() => CountAsync(client.PredictAllAsync(TextsAsync(), PredictOptions.Default, Cancel)));

        Assert.Same(expected, seen);
    }

    [Fact]
    public async Task A_producer_may_pause_for_longer_than_the_deadline()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var time = new ManualTime();
        using var client = new SentimentClient(server.GrpcAddress, new SentimentClientOptions(), time);
        var texts = Channel.CreateUnbounded<string>();
        await using var answers = client.PredictAllAsync(texts.Reader.ReadAllAsync(Cancel), PredictOptions.Default, Cancel)
            .GetAsyncEnumerator(Cancel);

        texts.Writer.TryWrite("one");
        Assert.True(await answers.MoveNextAsync());
        var second = answers.MoveNextAsync().AsTask();
        time.GoOn(10 * client.Timeout);
        texts.Writer.TryWrite("two");
        Assert.True(await second);
        texts.Writer.Complete();

        Assert.False(await answers.MoveNextAsync());
    }

    [Fact]
    public async Task An_answer_that_the_server_owes_for_too_long_ends_the_stream()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        var time = new ManualTime();
        using var client = new SentimentClient(server.GrpcAddress, new SentimentClientOptions(), time);
        engine.Hold();
        var before = engine.BatchCount;

        var reading = CountAsync(client.PredictAllAsync(new[] { "one" }.ToAsyncEnumerable(), PredictOptions.Default, Cancel));
        await Wait.UntilAsync(() => engine.BatchCount > before);
        time.GoOn(client.Timeout);
        var failure = await Assert.ThrowsAsync<RpcException>(() => reading);

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_when_it_said_so()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { QueueTokens = 8, BatchTokens = 8, Workers = 1 });
        using var client = new SentimentClient(server.GrpcAddress);
        engine.Hold();
        var before = engine.BatchCount;
        var first = client.PredictAsync("held one", PredictOptions.Default, Cancel);
        await Wait.UntilAsync(() => engine.BatchCount == before + 1);
        var waiting = client.PredictAsync("in the queue there", PredictOptions.Default, Cancel);
        var model = server.Host.Catalog.Models[0].Model;
        await Wait.UntilAsync(() => model.Work.QueuedTexts == 1);

        var refused = client.PredictAsync("one text too many here", PredictOptions.Default, Cancel);
        await Wait.UntilAsync(() => model.Metrics.Read().Refused.Count > 0);
        engine.LetGo();

        Assert.Equal(3, (await Task.WhenAll(first, waiting, refused)).Length);
    }

    [Fact]
    public async Task All_calls_of_a_client_share_one_connection()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var connections = server.Host.Services.GetRequiredService<OpenConnections>();
        using var client = new SentimentClient(server.GrpcAddress);

        // All together are below the server's 100 streams a connection: one that has just ended counts a moment longer, on a busy machine a while.
        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 30).Select(number => client.PredictAsync($"text {number}", PredictOptions.Default, Cancel)));
            await CountAsync(client.PredictAllAsync(new[] { "one", "two" }.ToAsyncEnumerable(), PredictOptions.Default, Cancel));
        }

        Assert.Equal((1, 1), (connections.Count, connections.Opened));
    }

    private static async Task<int> CountAsync(IAsyncEnumerable<ItemResult> results)
    {
        var count = 0;
        await foreach (var result in results.WithCancellation(Cancel))
        {
            count += result.Error is null ? 1 : 0;
        }

        return count;
    }
}
