using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Tests.Protocols;

/// <summary>What browsers need: gRPC-Web on the HTTP port, and leave for the scripts of other pages (CORS).</summary>
public sealed class BrowserCallTests
{
    private const string Shop = "https://shop.example";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(GrpcWebMode.GrpcWeb)]
    [InlineData(GrpcWebMode.GrpcWebText)]
    public async Task GRPC_Web_answers_calls_streams_and_errors_on_the_HTTP_port(GrpcWebMode mode)
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        using var channel = GrpcChannel.ForAddress(server.HttpAddress,
            new GrpcChannelOptions { HttpHandler = new GrpcWebHandler(mode, new HttpClientHandler()), HttpVersion = HttpVersion.Version11 });
        var client = new Sentiment.SentimentClient(channel);

        var answer = await client.PredictAsync(new PredictRequest { Text = "a good film", IncludeLogits = true }, cancellationToken: Cancel);
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await client.PredictAsync(new PredictRequest { Text = "a good film", Model = "none" }, cancellationToken: Cancel));

        Assert.Equal(engine.LogitsFor("a good film"), answer.Logits);
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Contains("no model 'none'", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GRPC_Web_needs_the_same_keys()
    {
        const string Key = "user-key-0123456789";
        using var folder = new TemporaryFolder();
        await using var server = await TestServer.StartAsync(
            new TestEngine(), TestServer.Options with { Access = [new ApiKeyScheme(folder.Write("keys", $"user alice {Key}\n"))] });
        using var channel = GrpcChannel.ForAddress(server.HttpAddress,
            new GrpcChannelOptions { HttpHandler = new GrpcWebHandler(new HttpClientHandler()), HttpVersion = HttpVersion.Version11 });
        var client = new Sentiment.SentimentClient(channel);

        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await client.PredictAsync(new PredictRequest { Text = "good" }, cancellationToken: Cancel));
        var answer = await client.PredictAsync(
            new PredictRequest { Text = "good" }, new Metadata { { "x-api-key", Key } }, cancellationToken: Cancel);

        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        Assert.Equal(2, answer.Scores.Count);
    }

    [Theory]
    [InlineData(Shop, Shop, Shop)]
    [InlineData("*", Shop, "*")]
    [InlineData(Shop, "https://evil.example", null)]
    [InlineData(null, Shop, null)]
    public async Task Pages_that_may_call_are_told_so_before_they_show_a_key(string? allowed, string origin, string? expected)
    {
        using var folder = new TemporaryFolder();
        await using var server = await TestServer.StartAsync(new TestEngine(), TestServer.Options with
        {
            CorsOrigins = allowed is null ? [] : [allowed],
            Access = [new ApiKeyScheme(folder.Write("keys", "user alice user-key-0123456789\n"))],
        });
        using var http = server.Http();

        using var asked = await SendAsync(HttpMethod.Options);
        using var refused = await SendAsync(HttpMethod.Post);

        Assert.Equal(expected, Header(asked, "Access-Control-Allow-Origin"));
        Assert.Equal(expected is null ? null : "authorization,content-type", Header(asked, "Access-Control-Allow-Headers"));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(expected, Header(refused, "Access-Control-Allow-Origin")); // else the page could not read why

        async Task<HttpResponseMessage> SendAsync(HttpMethod method)
        {
            using var request = new HttpRequestMessage(method, "v1/predict");
            request.Headers.Add("Origin", origin);
            if (method == HttpMethod.Options)
            {
                request.Headers.Add("Access-Control-Request-Method", "POST");
                request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
            }

            return await http.SendAsync(request, Cancel);
        }
    }

    [Theory]
    [InlineData("shop.example")]
    [InlineData("https://shop.example/")]
    [InlineData("https://shop.example/page")]
    [InlineData("ftp://shop.example")]
    public void What_is_no_origin_is_refused(string origin)
    {
        var parsed = ServeCommand.Create().Parse(["--model", "x", "--cors-allow-origin", origin]);

        Assert.Equal([$"--cors-allow-origin is '{origin}', expected http[s]://HOST[:PORT] without a path, or *."],
            parsed.Errors.Select(error => error.Message));
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;
}
