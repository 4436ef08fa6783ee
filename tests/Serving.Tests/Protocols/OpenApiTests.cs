using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Protocols;

/// <summary>The OpenAPI document says what the server does.</summary>
public sealed class OpenApiTests : IAsyncLifetime
{
    private readonly TestEngine _engine = new();
    private TestServer _server = null!; // set before any test runs
    private HttpClient _http = null!; // as above
    private JsonElement _document;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(_engine, TestServer.Options with { Models = ["demo@1=demo"] });
        _http = _server.Http();
        _document = await _http.GetFromJsonAsync<JsonElement>("openapi/v1.json", Cancel);
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public void Every_number_is_a_number_and_nothing_else()
    {
        var schemas = _document.GetProperty("components").GetProperty("schemas").ToString();

        Assert.DoesNotContain("\"pattern\"", schemas, StringComparison.Ordinal);
        var tokens = Property("PredictAnswer", "tokens");
        Assert.Equal(("integer", "uint32"), (tokens.GetProperty("type").GetString(), tokens.GetProperty("format").GetString()));
        Assert.Equal("number", Property("ScoreAnswer", "score").GetProperty("type").GetString());
        Assert.Equal(["", "head", "tail", "head_and_tail", "refuse"],
            Property("PredictBody", "truncation").GetProperty("enum").EnumerateArray().Select(value => value.GetString()));
        Assert.Equal(["text"], Schema("PredictBody").GetProperty("required").EnumerateArray().Select(name => name.GetString()));
        Assert.Contains("scores", Schema("PredictAnswer").GetProperty("required").EnumerateArray().Select(name => name.GetString()));
    }

    [Theory]
    [InlineData("/v1/predict")]
    [InlineData("/v1/predict_batch")]
    [InlineData("/v1/tokenize")]
    [InlineData("/v1/explain")]
    [InlineData("/v2/models/{model}/infer")]
    public void Every_call_tells_all_its_answers(string path)
    {
        var responses = Operation(path).GetProperty("responses");

        Assert.Superset(new HashSet<string> { "200", "400", "401", "404", "413", "429", "503", "504" },
            responses.EnumerateObject().Select(response => response.Name).ToHashSet());
        Assert.True(responses.GetProperty("429").GetProperty("headers").TryGetProperty("Retry-After", out _));
    }

    [Fact]
    public async Task Every_example_is_answered_and_the_answers_have_the_members_that_are_shown()
    {
        var tried = 0;
        foreach (var path in _document.GetProperty("paths").EnumerateObject())
        {
            if (!path.Value.TryGetProperty("post", out var post) || Example(post, "requestBody") is not { } request)
            {
                continue;
            }

            using var content = new StringContent(request.GetRawText(), Encoding.UTF8, "application/json");
            var place = path.Name[1..].Replace("{model}", "demo", StringComparison.Ordinal).Replace("{version}", "1", StringComparison.Ordinal);
            using var response = await _http.PostAsync(place, content, Cancel);
            var text = await response.Content.ReadAsStringAsync(Cancel);
            if (path.Name == "/v1/explain")
            {
                continue; // this test's engine has no weights to explain by; ExplainTests do
            }

            Assert.True(response.IsSuccessStatusCode, $"{path.Name}: {response.StatusCode} {text}");
            tried++;
            if (Example(post.GetProperty("responses"), "200") is { } shown)
            {
                Assert.Equal(Members(shown), Members(JsonDocument.Parse(text).RootElement));
            }
        }

        Assert.Equal(7, tried);
    }

    [Fact]
    public async Task Who_must_say_who_he_is_is_told_how()
    {
        const string Key = "user-key-0123456789";
        using var folder = new TemporaryFolder();
        await using var closed = await TestServer.StartAsync(
            new TestEngine(), TestServer.Options with { Access = [new ApiKeyScheme(folder.Write("keys", $"user alice {Key}\n"))] });
        using var http = closed.Http();
        http.DefaultRequestHeaders.Add("x-api-key", Key);

        var document = await http.GetFromJsonAsync<JsonElement>("openapi/v1.json", Cancel);

        var schemes = document.GetProperty("components").GetProperty("securitySchemes");
        Assert.Equal("bearer", schemes.GetProperty("Bearer").GetProperty("scheme").GetString());
        Assert.Equal(("x-api-key", "header"),
            (schemes.GetProperty("ApiKey").GetProperty("name").GetString(), schemes.GetProperty("ApiKey").GetProperty("in").GetString()));
        var paths = document.GetProperty("paths");
        Assert.Equal(2, paths.GetProperty("/v1/predict").GetProperty("post").GetProperty("security").GetArrayLength());
        var load = paths.GetProperty("/v2/repository/models/{model}/load").GetProperty("post");
        Assert.True(load.GetProperty("responses").TryGetProperty("403", out _));
        Assert.False(paths.GetProperty("/health").GetProperty("get").TryGetProperty("security", out _));
        Assert.False(Operation("/v1/predict").TryGetProperty("security", out _)); // of the open server
    }

    private static JsonElement? Example(JsonElement parent, string member) =>
        parent.TryGetProperty(member, out var holder) && holder.TryGetProperty("content", out var content)
        && content.TryGetProperty("application/json", out var media) && media.TryGetProperty("example", out var example)
            ? example
            : null;

    /// <summary>The names of a value's members, and of those of its members' first elements.</summary>
    private static string Members(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(", ", value.EnumerateObject().Select(member => $"{member.Name} {Members(member.Value)}"))}}}",
        JsonValueKind.Array when value.GetArrayLength() > 0 => $"[{Members(value[0])}]",
        _ => "",
    };

    private JsonElement Operation(string path) => _document.GetProperty("paths").GetProperty(path).GetProperty("post");

    private JsonElement Schema(string name) => _document.GetProperty("components").GetProperty("schemas").GetProperty(name);

    private JsonElement Property(string schema, string name) => Schema(schema).GetProperty("properties").GetProperty(name);
}
