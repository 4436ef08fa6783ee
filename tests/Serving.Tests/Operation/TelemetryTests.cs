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

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "no url", "OTEL_EXPORTER_OTLP_ENDPOINT is 'no url', which is no http or https URL")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "localhost:4317",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is 'localhost:4317', which is no http or https URL")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1", "Telemetry does not arrive; this is said once")]
    public async Task An_unusable_endpoint_is_one_warning(string variable, string value, string expected)
    {
        var variables = new Dictionary<string, string> { [variable] = value, ["OTEL_BSP_SCHEDULE_DELAY"] = "50" };
        using var server = await ServerProcess.StartAsync(new Surroundings(Environment: variables), "--model", demo.Path);
        for (var call = 0; call < 3; call++)
        {
            Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "text"]);
        }

        Assert.Equal(143, await server.EndAsync("TERM"));
        Assert.Contains(expected, Assert.Single(Warnings(await server.Error)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_variables_of_a_signal_are_honoured()
    {
        await using var collector = await TestCollector.StartAsync();
        var variables = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1",
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = $"{collector.Address}some/traces",
            ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "x-tenant=reviews",
            ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = $"{collector.Address}some/metrics",
            ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"] = "http/protobuf",
        };
        using var server = await ServerProcess.StartAsync(new Surroundings(Environment: variables), "--model", demo.Path);
        Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "text"]);
        await server.EndAsync("TERM"); // what was not sent yet is sent now

        Assert.Contains(("/some/traces", "reviews"), collector.Received);
        Assert.Contains(("/some/metrics", ""), collector.Received);
        Assert.Empty(Warnings(await server.Error));
    }

    [Fact]
    public async Task The_name_of_the_key_is_in_the_log_of_calls_and_of_administration()
    {
        using var folder = new TemporaryFolder();
        var keys = folder.Write("keys", "admin carol admin-key-0123456789\n");
        using var server = await ServerProcess.StartAsync("--model", $"demo={demo.Path}", "--log-calls", "--api-keys", keys);
        Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "--api-key", "admin-key-0123456789", "text"]);
        using var http = new HttpClient { BaseAddress = server.HttpAddress };
        http.DefaultRequestHeaders.Add("x-api-key", "admin-key-0123456789");
        using var swapped = await http.PostAsync("v2/repository/models/demo/load", null, Cancel);
        await server.EndAsync("TERM");

        var log = await server.Error;
        Assert.Matches("Predicted .* for 'carol'", log);
        Assert.Contains("Administrative call /v2/repository/models/demo/load by 'carol'.", log, StringComparison.Ordinal);
        Assert.DoesNotContain("admin-key", log, StringComparison.Ordinal);
    }

    /// <summary>Without those of a machine that has too much else to do: Kestrel's heartbeat was late.</summary>
    private static string[] Warnings(string log) =>
        [.. log.Split('\n').Where(line => line.Contains(" warn: ", StringComparison.Ordinal)
            && !line.Contains("heartbeat", StringComparison.Ordinal))];

    private async Task<string> LogOfAsync(params string[] options)
    {
        using var server = await ServerProcess.StartAsync(["--model", demo.Path, .. options]);
        Command.Run(ServerProcess.Program, ["predict", "--address", server.GrpcAddress, "a secret xylophone"]);
        await server.EndAsync("TERM");
        return await server.Error;
    }
}
