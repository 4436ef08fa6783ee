using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using LoraOnnx.Client;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Tests.Protocols;

/// <summary>Explanations of the real model, over the real ports.</summary>
public sealed class ExplainTests(DemoOnnx demo) : IAsyncLifetime
{
    private const string Text = "A slow start 🎬, but the last act is wonderful.";

    private TestServer _server = null!; // set before any test runs
    private SentimentClient _client = null!; // as above

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync((LoadEngine?)null,
            TestServer.Options with { Models = [$"demo={demo.Path}"], Precision = PrecisionRule.Of(Precision.Fp32) });
        // Up to 128 steps of several texts: on a busy machine more than the client's usual deadline.
        _client = new SentimentClient(_server.GrpcAddress, new SentimentClientOptions { Timeout = TimeSpan.FromMinutes(5) });
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task Words_and_tokens_add_up_to_the_change_of_the_logit()
    {
        var explained = await _client.ExplainAsync(Text, "", PredictOptions.Default with { IncludeLogits = true }, Cancel);

        var change = explained.Logit - explained.BaselineLogit;
        var tokens = explained.Tokens.Sum(token => token.Value);
        Assert.Equal(explained.Prediction.Label, explained.Label);
        Assert.Equal(explained.Gap, Math.Abs(tokens - change), 1e-9);
        Assert.True(explained.Gap <= Math.Max(0.02 * Math.Abs(change), 0.02) || explained.Warning.Length > 0, $"gap {explained.Gap} of {change}");
        Assert.Equal(tokens, explained.Words.Sum(word => word.Value), 1e-5);
        Assert.Equal("wonderful", explained.Words.MaxBy(word => word.Value)!.Text);
    }

    [Fact]
    public async Task Captums_attributions_come_through()
    {
        using var golden = JsonDocument.Parse(await File.ReadAllBytesAsync(Golden.Path("explanations", "demo.json"), Cancel));
        var compared = 0;
        foreach (var entry in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var target = entry.GetProperty("target").GetInt32();
            var explained = await _client.ExplainAsync(entry.GetProperty("text").GetString()!, target == 1 ? "POSITIVE" : "NEGATIVE",
                PredictOptions.Default, Cancel);

            if (entry.GetProperty("attributions").TryGetProperty($"{explained.Steps}", out var expected)
                && entry.GetProperty("ids").GetArrayLength() == explained.Tokens.Count)
            {
                var values = expected.GetProperty("tokens").EnumerateArray().Select(value => value.GetDouble()).ToArray();
                var difference = values.Zip(explained.Tokens, (a, b) => Math.Abs(a - b.Value)).Max();
                Assert.True(difference < 1e-3 * values.Max(Math.Abs), $"{explained.Steps} steps: {difference:G3}");
                compared++;
            }
        }

        Assert.True(compared > 0, "none of the cases took 8 or 32 steps");
    }

    [Fact]
    public async Task The_other_class_is_explained_when_asked_for()
    {
        var both = new[] { await ExplainAsync("NEGATIVE"), await ExplainAsync("POSITIVE") };

        Assert.Equal(["NEGATIVE", "POSITIVE"], both.Select(explained => explained.Label));
        Assert.Equal(both[0].Prediction.Label, both[1].Prediction.Label);
        Assert.NotEqual(both[0].Logit, both[1].Logit);

        Task<ExplainResponse> ExplainAsync(string label) => _client.ExplainAsync(Text, label, PredictOptions.Default, Cancel);
    }

    [Fact]
    public async Task Rest_answers_the_same_with_places_in_code_points()
    {
        using var http = _server.Http();
        var overGrpc = await _client.ExplainAsync(Text, "", PredictOptions.Default, Cancel);
        using var response = await http.PostAsJsonAsync("v1/explain", new { text = Text }, Cancel);
        var overHttp = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);

        var words = overHttp.GetProperty("words").EnumerateArray().ToArray();
        Assert.Equal(overGrpc.Words.Select(word => word.Value), words.Select(word => word.GetProperty("value").GetDouble()));
        Assert.Equal(overGrpc.Words.Select(word => word.Text), words.Select(word => word.GetProperty("text").GetString()));
        Assert.All(overGrpc.Words, word => Assert.Equal(word.Text, Text[(int)word.Start..(int)word.End]));
        Assert.Equal(words.Select(word => word.GetProperty("text").GetString()), words.Select(CodePoints));

        static string CodePoints(JsonElement word) => string.Concat(Text.EnumerateRunes().Skip(word.GetProperty("start").GetInt32())
            .Take(word.GetProperty("end").GetInt32() - word.GetProperty("start").GetInt32()));
    }

    [Fact]
    public async Task A_class_that_the_model_does_not_have_is_named()
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => _client.ExplainAsync(Text, "ANGRY", PredictOptions.Default, Cancel));
        using var http = _server.Http();
        using var response = await http.PostAsJsonAsync("v1/explain", new { text = Text, label = "ANGRY" }, Cancel);

        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Contains("label: 'ANGRY' is not a class of demo: NEGATIVE, POSITIVE.", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_model_without_a_gradient_says_so()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        using var client = new SentimentClient(server.GrpcAddress);

        var failure = await Assert.ThrowsAsync<RpcException>(() => client.ExplainAsync(Text, "", PredictOptions.Default, Cancel));

        Assert.Equal(StatusCode.FailedPrecondition, failure.StatusCode);
    }
}
