using Grpc.Core;
using Grpc.Health.V1;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace LoraOnnx.Serving.Tests.Protocols;

public sealed class HealthTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("lora_onnx.v1.Sentiment")]
    [InlineData("demo")]
    [InlineData("demo@aaaaaaaaaaaa")]
    public async Task Services_and_models_are_serving(string name)
    {
        await using var server = await TestServer.StartAsync(new TestEngine());

        var answer = await new Health.HealthClient(server.Connect()).CheckAsync(new HealthCheckRequest { Service = name }, cancellationToken: Cancel);

        Assert.Equal(ServingStatus.Serving, answer.Status);
    }

    [Fact]
    public async Task An_unknown_name_is_NOT_FOUND()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());

        var failure = await Assert.ThrowsAsync<RpcException>(() =>
            new Health.HealthClient(server.Connect()).CheckAsync(new HealthCheckRequest { Service = "nobody" },
                cancellationToken: Cancel).ResponseAsync);

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
    }

    [Fact]
    public async Task A_watcher_sees_a_model_come_and_go_and_the_server_drain()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var channel = server.Connect();
        var admin = new Admin.AdminClient(channel);
        using var watch = new Health.HealthClient(channel).Watch(new HealthCheckRequest { Service = "late" }, cancellationToken: Cancel);
        var seen = new List<ServingStatus>();

        async Task NextAsync()
        {
            Assert.True(await watch.ResponseStream.MoveNext(Cancel));
            seen.Add(watch.ResponseStream.Current.Status);
        }

        await NextAsync();
        await admin.LoadModelAsync(new LoadModelRequest { Name = "late", Path = "somewhere" }, cancellationToken: Cancel);
        await NextAsync();
        var stopping = server.StopAsync();
        await NextAsync();
        var more = await watch.ResponseStream.MoveNext(Cancel);
        await stopping;

        Assert.Equal([ServingStatus.ServiceUnknown, ServingStatus.Serving, ServingStatus.NotServing], seen);
        Assert.False(more);
    }
}
