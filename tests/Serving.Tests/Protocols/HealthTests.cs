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

    [Fact]
    public async Task Every_watcher_hears_last_that_the_server_drains()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        string[] names = ["", "demo", "demo@aaaaaaaaaaaa", "lora_onnx.v1.Sentiment", "nobody"];
        var client = new Health.HealthClient(server.Connect());
        var watches = names.SelectMany(
            name => Enumerable.Range(0, 10).Select(_ => client.Watch(new HealthCheckRequest { Service = name }, cancellationToken: Cancel)))
                .ToArray();
        await Task.WhenAll(watches.Select(watch => watch.ResponseStream.MoveNext(Cancel)));

        var stopping = server.StopAsync();
        var last = await Task.WhenAll(watches.Select(async watch =>
        {
            var status = watch.ResponseStream.Current.Status;
            while (await watch.ResponseStream.MoveNext(Cancel))
            {
                status = watch.ResponseStream.Current.Status;
            }

            return status;
        }));
        await stopping;

        Assert.All(last[..40], status => Assert.Equal(ServingStatus.NotServing, status));
        Assert.All(last[40..], status => Assert.Equal(ServingStatus.ServiceUnknown, status));
    }

    [Fact]
    public async Task Of_changes_at_the_same_time_the_last_one_counts()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var health = new Health.HealthClient(server.Connect());
        var catalog = server.Host.Catalog;
        for (var round = 0; round < 100; round++)
        {
            string[] names = [$"a{round}", $"b{round}", $"c{round}"];
            await Task.WhenAll(names.Select(name => Task.Run(
                async () =>
                {
                    await catalog.LoadAsync(new LoraOnnx.Serving.Models.ModelSource(name, "1", "x"), Cancel);
                    await catalog.UnloadAsync(name, "1", Cancel);
                },
                Cancel)));

            foreach (var name in names)
            {
                var gone = await Assert.ThrowsAsync<RpcException>(
                    () => health.CheckAsync(new HealthCheckRequest { Service = name }, cancellationToken: Cancel).ResponseAsync);
                Assert.Equal(StatusCode.NotFound, gone.StatusCode);
            }
        }
    }
}
