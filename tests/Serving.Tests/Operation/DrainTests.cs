using Grpc.Core;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Tests.Operation;

public sealed class DrainTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_in_flight_are_answered_open_streams_answer_what_they_read_and_new_calls_are_turned_away()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Workers = 1, Drain = TimeSpan.FromSeconds(60) });
        var channel = server.Connect();
        var client = new Sentiment.SentimentClient(channel);
        var model = server.Host.Catalog.Models[0].Model;
        engine.Hold();
        engine.Forget();
        var call = client.PredictAsync(new PredictRequest { Text = "in flight" }, cancellationToken: Cancel).ResponseAsync;
        await Wait.UntilAsync(() => engine.BatchCount == 1);
        using var stream = client.PredictStream(cancellationToken: Cancel);
        await stream.RequestStream.WriteAsync(new PredictStreamRequest { Id = "read", Request = new PredictRequest { Text = "in a stream" } },
            Cancel);
        await Wait.UntilAsync(() => model.Work.QueuedTexts == 1);

        var stopping = server.StopAsync();
        var turnedAway = await Assert.ThrowsAsync<RpcException>(() =>
            client.PredictAsync(new PredictRequest { Text = "too late" }, cancellationToken: Cancel).ResponseAsync);
        var stoppedEarly = stopping.IsCompleted;
        engine.LetGo();
        var answer = await call;
        Assert.True(await stream.ResponseStream.MoveNext(Cancel));
        var streamed = stream.ResponseStream.Current;
        var end = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancel));
        await stopping;

        Assert.False(stoppedEarly);
        Assert.Equal(StatusCode.Unavailable, turnedAway.StatusCode);
        Assert.NotEmpty(answer.Label);
        Assert.Equal("read", streamed.Id);
        Assert.NotNull(streamed.Result.Prediction);
        Assert.Equal(StatusCode.Unavailable, end.StatusCode);
    }

    [Fact]
    public async Task The_drain_ends_after_its_time_even_when_a_call_does_not()
    {
        var engine = new TestEngine();
        var server = await TestServer.StartAsync(engine, TestServer.Options with { Workers = 1, Drain = TimeSpan.FromMilliseconds(100) });
        engine.Hold();
        engine.Forget();
        var stuck = new Sentiment.SentimentClient(server.Connect()).PredictAsync(new PredictRequest { Text = "stuck" },
            cancellationToken: Cancel).ResponseAsync;
        await Wait.UntilAsync(() => engine.BatchCount == 1);

        await server.StopAsync().WaitAsync(Patience.Time, Cancel);

        await Assert.ThrowsAsync<RpcException>(() => stuck);
        engine.LetGo();
        await server.DisposeAsync();
    }
}
