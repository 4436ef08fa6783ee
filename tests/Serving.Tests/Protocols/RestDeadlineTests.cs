using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Protocols;

/// <summary>HTTP callers with little time; the engine is held, so that nothing depends on speed.</summary>
public sealed class RestDeadlineTests : IAsyncLifetime
{
    private readonly TestEngine _engine = new();
    private TestServer _server = null!; // set before any test runs
    private HttpClient _http = null!; // as above

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(_engine, TestServer.Options with { Workers = 1 });
        _http = _server.Http();
    }

    public ValueTask DisposeAsync()
    {
        _engine.LetGo();
        _http.Dispose();
        return _server.DisposeAsync();
    }

    [Theory]
    [InlineData("v1/predict", """{"text": "late"}""")]
    [InlineData("v1/predict_batch", """{"texts": ["late", "later"]}""")]
    [InlineData("predict", """{"inputs": "late"}""")]
    [InlineData("predict", """{"inputs": [["late"], ["later"]]}""")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": ["late"]}]}""")]
    public async Task Time_that_runs_out_ends_the_call_and_takes_its_texts_out_of_the_queue(string path, string body)
    {
        await OccupyEngineAsync();

        using var response = await PostAsync(path, body, "0.3");

        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal((HttpStatusCode.GatewayTimeout, "the deadline passed."), (response.StatusCode, problem.GetProperty("detail").GetString()));
        await Wait.UntilAsync(() => _server.Host.Catalog.Models[0].Model.Work.QueuedTexts == 0);
    }

    [Fact]
    public async Task Time_that_cannot_suffice_is_refused_at_once()
    {
        using var response = await PostAsync("v1/predict", """{"text": "in no time"}""", "0.0000001");

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Equal(0, _engine.RunsOf("in no time"));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("1e9")]
    [InlineData("86401")]
    public async Task What_is_no_time_is_an_error_that_names_the_header(string header)
    {
        using var response = await PostAsync("v1/predict", """{"text": "good"}""", header);

        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal((HttpStatusCode.BadRequest, "X-Request-Timeout"), (response.StatusCode, problem.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task A_caller_that_hangs_up_takes_its_texts_out_of_the_queue()
    {
        await OccupyEngineAsync();
        using var hangUp = new CancellationTokenSource();
        var model = _server.Host.Catalog.Models[0].Model;
        var call = _http.PostAsJsonAsync("v1/predict", new { text = "never mind" }, hangUp.Token);
        await Wait.UntilAsync(() => model.Work.QueuedTexts == 1);

        await hangUp.CancelAsync();

        await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        await Wait.UntilAsync(() => model.Work.QueuedTexts == 0);
        Assert.Equal(0, _engine.RunsOf("never mind"));
    }

    /// <summary>The only engine has a text and keeps it.</summary>
    private async Task OccupyEngineAsync()
    {
        _engine.Hold();
        var before = _engine.BatchCount;
        _ = _http.PostAsJsonAsync("v1/predict", new { text = "in the engine" }, Cancel);
        await Wait.UntilAsync(() => _engine.BatchCount > before);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string body, string timeout)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            path)
        { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Request-Timeout", timeout);
        return await _http.SendAsync(request, Cancel);
    }
}
