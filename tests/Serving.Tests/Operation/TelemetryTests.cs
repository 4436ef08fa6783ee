using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using LoraOnnx.Serving.Telemetry;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace LoraOnnx.Serving.Tests.Operation;

public sealed class TelemetryTests(DemoOnnx demo)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prometheus_finds_histograms_queue_depth_and_refusals_by_model_and_version()
    {
        await using var server = await TestServer.StartAsync(new TestEngine(), TestServer.Options with { Models = ["first@1=a", "second@2=b"] });
        var client = new Sentiment.SentimentClient(server.Connect());
        await client.PredictAsync(new PredictRequest { Text = "x", Model = "second" }, cancellationToken: Cancel);
        await Assert.ThrowsAsync<RpcException>(() => client.PredictAsync(
            new PredictRequest { Text = string.Join(' ', Enumerable.Repeat("a", 600)), Truncation = Truncation.Refuse, Model = "second" },
                cancellationToken: Cancel).ResponseAsync);
        using var http = server.Http();

        var lines = (await http.GetStringAsync("metrics", Cancel)).Split('\n');

        string[] expected =
        [
            "lora_serve_queue_duration_seconds_bucket", "lora_serve_tokenize_duration_seconds_bucket", "lora_serve_infer_duration_seconds_bucket",
            "lora_serve_text_duration_seconds_bucket", "lora_serve_batch_tokens_bucket", "lora_serve_batch_texts_bucket", "lora_serve_texts_total",
            "lora_serve_tokens_total", "lora_serve_queue_tokens", "lora_serve_queue_texts", "lora_serve_refusals_total",
        ];
        Assert.All(expected, name => Assert.Contains(lines, line => line.StartsWith(name + "{", StringComparison.Ordinal)
            && line.Contains("model=\"second\"", StringComparison.Ordinal) && line.Contains("version=\"2\"", StringComparison.Ordinal)));
        Assert.Contains(lines, line => line.StartsWith("lora_serve_refusals_total{", StringComparison.Ordinal)
            && line.Contains("reason=\"TooManyTokens\"", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("lora_serve_text_duration_seconds_bucket{", StringComparison.Ordinal)
            && line.Contains("le=\"0.005\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_and_traces_say_which_service_they_are_of()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());

        var resources = new[] { server.Host.Services.GetRequiredService<MeterProvider>().GetResource(),
            server.Host.Services.GetRequiredService<TracerProvider>().GetResource() };

        Assert.All(resources, resource => Assert.Equal("lora-serve", resource.Attributes.Single(attribute => attribute.Key == "service.name").Value));
    }

    [Fact]
    public async Task The_stages_of_a_call_are_spans_of_the_callers_trace()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is ServingTraces.SourceName or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = await TestServer.StartAsync(new TestEngine());
        var trace = ActivityTraceId.CreateRandom();
        var headers = new Metadata { { "traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01" } };

        await new Sentiment.SentimentClient(server.Connect()).PredictAsync(new PredictRequest { Text = "x" }, headers, cancellationToken: Cancel);

        await Wait.UntilAsync(() => spans.Count(span => span.TraceId == trace) >= 5);
        var mine = spans.Where(span => span.TraceId == trace).ToArray();
        Assert.Superset(new HashSet<string> { "classify", "tokenize", "queue", "infer" }, mine.Select(span => span.OperationName).ToHashSet());
        Assert.Equal("demo", mine.Single(span => span.OperationName == "classify").GetTagItem("lora_serve.model"));
    }

    [Fact]
    public async Task Logs_hold_a_users_text_only_where_that_was_asked_for()
    {
        var calls = await LogOfAsync("--log-calls", "--log-format", "json");
        var texts = await LogOfAsync("--log-texts");

        Assert.Contains("Predicted", calls, StringComparison.Ordinal);
        Assert.DoesNotContain("xylophone", calls, StringComparison.Ordinal);
        Assert.Contains("a secret xylophone", texts, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_no_message_leave_no_stack_in_the_log()
    {
        using var server = await ServerProcess.StartAsync("--model", demo.Path);
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress($"http://{server.GrpcAddress}");
        var bytes = new Marshaller<byte[]>(message => message, message => message);
        var predict = new Method<byte[], byte[]>(MethodType.Unary, "lora_onnx.v1.Sentiment", "Predict", bytes, bytes);

        var failure = await Assert.ThrowsAsync<RpcException>(() =>
            channel.CreateCallInvoker().AsyncUnaryCall(predict, null, default, [10, 200, 1]).ResponseAsync);
        await server.EndAsync("TERM");

        Assert.Equal(Grpc.Core.StatusCode.InvalidArgument, failure.StatusCode);
        Assert.DoesNotContain("   at ", await server.Error, StringComparison.Ordinal);
    }

    private async Task<string> LogOfAsync(params string[] options)
    {
        using var server = await ServerProcess.StartAsync(["--model", demo.Path, .. options]);
        Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "a secret xylophone"]);
        await server.EndAsync("TERM");
        return await server.Error;
    }
}
