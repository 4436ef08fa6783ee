using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using LoraOnnx.Serving.Tests.Support;

namespace LoraOnnx.Serving.Tests.Protocols;

/// <summary>REST/JSON on the HTTP port.</summary>
public sealed class RestTests : IAsyncLifetime
{
    private readonly TestEngine _engine = new();
    private TestServer _server = null!; // set before any test runs
    private HttpClient _http = null!; // as above

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(_engine, TestServer.Options with { MaxTextChars = 5000, MaxBatchTexts = 10, MaxMessageMebibytes = 1 });
        _http = _server.Http();
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task A_prediction_has_what_the_gRPC_answer_has()
    {
        var answer = await PostAsync("v1/predict", new { text = "a good film", include_logits = true });

        var logits = _engine.LogitsFor("a good film");
        Assert.Equal(logits, Floats(answer.GetProperty("logits")));
        Assert.Equal(logits[1] > logits[0] ? "POSITIVE" : "NEGATIVE", answer.GetProperty("label").GetString());
        Assert.Equal(["NEGATIVE", "POSITIVE"], answer.GetProperty("scores").EnumerateArray().Select(score => score.GetProperty("label").GetString()));
        Assert.Equal((5, 5, false), (answer.GetProperty("tokens").GetInt32(), answer.GetProperty("total_tokens").GetInt32(), answer.GetProperty("truncated").GetBoolean()));
        Assert.Equal("demo", answer.GetProperty("model").GetString());
        Assert.True(answer.GetProperty("times").GetProperty("total_us").GetInt64() > 0, answer.ToString());
    }

    [Fact]
    public async Task A_batch_has_errors_in_their_places()
    {
        var answer = await PostAsync("v1/predict_batch", new { texts = new[] { "good", new string('x', 5001), "bad" } });

        var results = answer.GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal("texts[1]", results[1].GetProperty("error").GetProperty("field").GetString());
        Assert.Equal(JsonValueKind.Null, results[1].GetProperty("prediction").ValueKind);
        Assert.All(new[] { results[0], results[2] }, result => Assert.Equal(JsonValueKind.String, result.GetProperty("prediction").GetProperty("label").ValueKind));
    }

    [Fact]
    public async Task Tokens_and_models_are_shown()
    {
        var tokens = await PostAsync("v1/tokenize", new { text = "🎬 good", offset_unit = "utf16" });
        var models = await _http.GetFromJsonAsync<JsonElement>("v1/models", Cancel);

        var good = tokens.GetProperty("tokens")[2];
        Assert.Equal(("good", 3, 7), (good.GetProperty("text").GetString(), good.GetProperty("start").GetInt32(), good.GetProperty("end").GetInt32()));
        Assert.Equal("demo", models.GetProperty("models")[0].GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("v1/predict", """{"text": "x", "truncation": "sideways"}""", 400, "truncation")]
    [InlineData("v1/predict", """{"text": "x", "model": "none"}""", 404, "no model 'none'")]
    [InlineData("v1/predict", """{"text": null}""", 400, "")]
    [InlineData("v1/predict", """{}""", 400, "")]
    [InlineData("v1/predict", """{"text": "\ud800"}""", 400, "")]
    [InlineData("v1/predict", "not json", 400, "")]
    [InlineData("v1/predict_batch", """{"texts": ["a", null]}""", 400, "texts[1]")]
    [InlineData("v1/tokenize", """{"text": "x", "max_tokens": 1}""", 400, "max_tokens")]
    [InlineData("predict", """{"inputs": ["a", "b"]}""", 400, "not pairs")]
    [InlineData("predict", """{"inputs": 7}""", 400, "expected a text")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": [7]}]}""", 400, "body")]
    [InlineData("v2/models/demo/infer", """{"inputs": 1}""", 400, "body")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "input_ids", "shape": [1, 2], "datatype": "FP32", "data": [101, 102]}]}""", 400, "'input_ids' is FP32, expected BYTES or INT64")]
    [InlineData("v2/repository/models/demo/load", """{"parameters": {"config": "{}"}}""", 501, "'config' is not taken")]
    [InlineData("v2/repository/models/demo/load", "not json", 400, "body")]
    [InlineData("v2/models/none/infer", """{"inputs": []}""", 404, "no model 'none'")]
    public async Task What_is_wrong_is_said_as_problem_details(string path, string body, int status, string expected)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(path, content, Cancel);

        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.Contains(expected, problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_also_one_that_is_small_until_it_is_unpacked()
    {
        using var response = await _http.PostAsJsonAsync("v1/predict", new { text = new string('x', 2 << 20) }, Cancel);
        using var packed = Packed($$"""{"text": "{{new string('x', 2 << 20)}}"}""", "gzip");
        using var unpacked = await _http.PostAsync("v1/predict", packed, Cancel);
        using var packedTensors = Packed(new string(' ', 2 << 20), "gzip");
        using var unpackedTensors = await _http.PostAsync("v2/models/demo/infer", packedTensors, Cancel);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, unpacked.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, unpackedTensors.StatusCode);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Packed_bodies_are_read(string encoding)
    {
        using var content = Packed("""{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": ["good"]}], "outputs": [{"name": "logits"}]}""", encoding);

        using var response = await _http.PostAsync("v2/models/demo/infer", content, Cancel);

        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal(_engine.LogitsFor("good"), Floats(answer.GetProperty("outputs")[0].GetProperty("data")));
    }

    [Fact]
    public async Task Errors_stand_where_KServes_clients_look_for_them_also_those_of_paths_that_do_not_exist()
    {
        using var missing = await _http.PostAsJsonAsync("v2/models/none/infer", new { inputs = Array.Empty<object>() }, Cancel);
        using var nowhere = await _http.GetAsync("v2/systemsharedmemory/status", Cancel);

        Assert.StartsWith("no model 'none'", (await missing.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("Not Found", (await nowhere.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("error").GetString());
    }

    [Fact]
    public async Task Paths_of_text_embeddings_inference_answer_as_it_does()
    {
        var one = await PostAsync("predict", new { inputs = "a good film" });
        var batch = await PostAsync("predict", new { inputs = new[] { new[] { "good" }, new[] { "bad" } }, raw_scores = true });
        var tokens = await PostAsync("tokenize", new { inputs = new[] { "good film" } });
        var info = await _http.GetFromJsonAsync<JsonElement>("info", Cancel);
        using var health = await _http.GetAsync("health", Cancel);

        Assert.True(one[0].GetProperty("score").GetSingle() >= one[1].GetProperty("score").GetSingle(), one.ToString());
        Assert.Equal(_engine.LogitsFor("bad").OrderDescending(), batch[1].EnumerateArray().Select(prediction => prediction.GetProperty("score").GetSingle()));
        Assert.Equal(["[CLS]", "good", "film", "[SEP]"], tokens[0].EnumerateArray().Select(token => token.GetProperty("text").GetString()));
        Assert.Equal(("demo", 512), (info.GetProperty("model_id").GetString(), info.GetProperty("max_input_length").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Fact]
    public async Task Paths_of_KServe_describe_and_infer()
    {
        var server = await _http.GetFromJsonAsync<JsonElement>("v2", Cancel);
        var metadata = await _http.GetFromJsonAsync<JsonElement>("v2/models/demo", Cancel);
        var answer = await PostAsync("v2/models/demo/infer", new
        {
            id = "7",
            inputs = new[] { new { name = "TEXT", shape = new[] { 2 }, datatype = "BYTES", data = new[] { "good", "bad" } } },
            outputs = new[] { new { name = "logits" } },
        });
        var statistics = await _http.GetFromJsonAsync<JsonElement>("v2/models/demo/stats", Cancel);
        using var ready = await _http.GetAsync("v2/models/demo/versions/aaaaaaaaaaaa/ready", Cancel);
        using var other = await _http.GetAsync("v2/models/other/ready", Cancel);

        Assert.Equal("lora-serve", server.GetProperty("name").GetString());
        Assert.Equal([-1L, 2L], metadata.GetProperty("outputs")[0].GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64()));
        Assert.Equal(_engine.LogitsFor("good").Concat(_engine.LogitsFor("bad")), Floats(answer.GetProperty("outputs")[0].GetProperty("data")));
        Assert.Equal(("7", "demo"), (answer.GetProperty("id").GetString(), answer.GetProperty("model_name").GetString()));
        Assert.Equal(2, statistics.GetProperty("model_stats")[0].GetProperty("inference_count").GetInt64());
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (ready.StatusCode, other.StatusCode));
    }

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("application/x-www-form-urlencoded")] // what perf_analyzer calls them
    public async Task Tensors_may_follow_the_JSON_as_raw_bytes_both_ways(string contentType)
    {
        var ids = TestEngine.Encode("a good film").Ids;
        var json = Encoding.UTF8.GetBytes($$$"""
            {"inputs": [{"name": "input_ids", "shape": [1, {{{ids.Length}}}], "datatype": "INT64", "parameters": {"binary_data_size": {{{ids.Length * 8}}}}}],
             "outputs": [{"name": "logits", "parameters": {"binary_data": true}}]}
            """);
        using var content = new ByteArrayContent([.. json, .. ids.SelectMany(id => BitConverter.GetBytes((long)id))]);
        content.Headers.Add("Inference-Header-Content-Length", $"{json.Length}");
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);

        using var response = await _http.PostAsync("v2/models/demo/infer", content, Cancel);
        var body = await response.Content.ReadAsByteArrayAsync(Cancel);

        var at = int.Parse(response.Headers.GetValues("Inference-Header-Content-Length").Single(), System.Globalization.CultureInfo.InvariantCulture);
        float[] logits = [BinaryPrimitives.ReadSingleLittleEndian(body.AsSpan(at)), BinaryPrimitives.ReadSingleLittleEndian(body.AsSpan(at + 4))];
        Assert.Equal(_engine.LogitsFor("a good film"), logits);
    }

    [Theory]
    [InlineData("openapi/v1.json")]
    [InlineData("openapi.json")]
    public async Task The_OpenAPI_document_names_every_path(string path)
    {
        var document = await _http.GetFromJsonAsync<JsonElement>(path, Cancel);

        var paths = document.GetProperty("paths").EnumerateObject().Select(entry => entry.Name).ToHashSet();
        Assert.Superset(new HashSet<string> { "/v1/predict", "/v1/predict_batch", "/v1/tokenize", "/v1/models", "/predict", "/info", "/v2/models/{model}/infer", "/health" }, paths);
        var properties = document.GetProperty("components").GetProperty("schemas").GetProperty("PredictBody").GetProperty("properties");
        Assert.Equal("The text. Empty and blank texts are valid.", properties.GetProperty("text").GetProperty("description").GetString());
        Assert.True(properties.TryGetProperty("include_logits", out _), properties.ToString());
        var header = document.GetProperty("paths").GetProperty("/v1/predict").GetProperty("post").GetProperty("parameters")[0];
        Assert.Equal(("X-Request-Timeout", "header"), (header.GetProperty("name").GetString(), header.GetProperty("in").GetString()));
    }

    private static ByteArrayContent Packed(string text, string encoding)
    {
        using var packed = new MemoryStream();
        using (Stream packing = encoding == "gzip" ? new GZipStream(packed, CompressionLevel.Fastest) : new ZLibStream(packed, CompressionLevel.Fastest))
        {
            packing.Write(Encoding.UTF8.GetBytes(text));
        }

        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentEncoding.Add(encoding);
        return content;
    }

    private static IEnumerable<float> Floats(JsonElement numbers) => numbers.EnumerateArray().Select(number => number.GetSingle());

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var response = await _http.PostAsJsonAsync(path, body, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
