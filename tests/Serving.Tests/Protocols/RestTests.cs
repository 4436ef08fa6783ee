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
        Assert.Equal((5, 5, false),
            (answer.GetProperty("tokens").GetInt32(), answer.GetProperty("total_tokens").GetInt32(), answer.GetProperty("truncated").GetBoolean()));
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
        Assert.All(new[] { results[0], results[2] }, result =>
            Assert.Equal(JsonValueKind.String, result.GetProperty("prediction").GetProperty("label").ValueKind));
    }

    [Fact]
    public async Task Tokens_and_models_are_shown()
    {
        var tokens = await PostAsync("v1/tokenize", new { text = "🎬 good", offset_unit = "utf16" });
        var models = await _http.GetFromJsonAsync<JsonElement>("v1/models", Cancel);

        var good = tokens.GetProperty("tokens")[2];
        Assert.Equal(("good", 3, 7),
            (good.GetProperty("text").GetString(), good.GetProperty("start").GetInt32(), good.GetProperty("end").GetInt32()));
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
    [InlineData("v1/predict", """{"text": 7}""", 400, "text: is a number, expected a text")]
    [InlineData("v1/predict", """{"text": "x", "include_logits": "yes"}""", 400, "include_logits: is a text, expected true or false")]
    [InlineData("v1/predict", """{"text": "x", "model": []}""", 400, "model: is a list, expected a text")]
    [InlineData("v1/predict", """{"text": "a cut one""", 400, "text: the JSON is wrong or breaks off at line 1")]
    [InlineData("v1/predict", """{"text": "x", "include_logit": true}""", 400, "include_logit: is no member of a request")]
    [InlineData("v1/predict", """{"text": "x", "\ud800": 1}""", 400, "the name of a member is not Unicode")]
    [InlineData("predict", """{"inputs": "x", "\ud800": 1}""", 400, "the name of a member is not Unicode")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"\udc00": 1, "name": "TEXT"}]}""", 400, "the name of a member is not Unicode")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"parameters": {"\udc00": 1}}]}""", 400, "the name of a member is not Unicode")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": ["a"], "data": ["b"]}]}""", 400,
        "inputs[0].data: is there twice")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "TEXT", "shape": [-1], "datatype": "BYTES", "data": ["a"]}]}""", 400,
        "expected lengths of at least 0")]
    [InlineData("v1/predict", """["text"]""", 400, "body: is a list, expected a JSON object")]
    [InlineData("v1/predict", """{"text": "x"} {}""", 400, "body: ")]
    [InlineData("v1/predict_batch", """{"texts": "a"}""", 400, "texts: is a text, expected a list of texts")]
    [InlineData("v1/predict_batch", """{"texts": ["a","b","c","d","e","f","g","h","i","j","k"]}""", 400, "has 11 texts; at most 10")]
    [InlineData("v1/tokenize", """{"text": "x", "max_tokens": -3}""", 400, "max_tokens: is a number, expected a whole number")]
    [InlineData("predict", """{"inputs": ["a", "b"]}""", 422, "not pairs")]
    [InlineData("predict", """{"inputs": [["a"], ["b", "c"]]}""", 422, "not pairs")]
    [InlineData("predict", """{"truncate": true}""", 422, "inputs: is missing")]
    [InlineData("predict", """{"inputs": []}""", 400, "inputs: cannot be empty")]
    [InlineData("predict", """{"inputs": ""}""", 400, "inputs: cannot be empty")]
    [InlineData("predict", """{"inputs": [["a"], [""]]}""", 400, "inputs: cannot be empty")]
    [InlineData("tokenize", """{"inputs": []}""", 400, "inputs: cannot be empty")]
    [InlineData("predict", "{", 400, "body")]
    [InlineData("predict", """{"inputs": [["a"],["b"],["c"],["d"],["e"],["f"],["g"],["h"],["i"],["j"],["k"]]}""", 413,
        "\"error_type\":\"Validation\"")]
    [InlineData("tokenize", """{"inputs": ["a","b","c","d","e","f","g","h","i","j","k"]}""", 413, "has 11 texts; at most 10")]
    [InlineData("predict", """{"inputs": 7}""", 422, "expected a text")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": [7]}]}""", 400,
        "'TEXT' element 0 is a number, expected a text")]
    [InlineData("v2/models/demo/infer", """{"inputs": 1}""", 400, "inputs: is a number, expected a list of tensors")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "input_ids", "shape": [1, 2], "datatype": "FP32", "data": [101, 102]}]}""", 400,
        "'input_ids' is FP32, expected BYTES, INT64 or INT32")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "TEXT", "shape": [2, 1], "datatype": "BYTES", "data": [["a", "b"]]}]}""", 400,
        "not of its shape [2, 1]")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "input_ids", "shape": [2, 2], "datatype": "INT64", "data": [[1, 2, 3], [4]]}]}""",
        400, "not of its shape [2, 2]")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": ["a", "b"]}]}""", 400,
        "has 2 elements; its shape [1] needs 1")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES"}]}""", 400,
        "neither data nor binary_data_size")]
    [InlineData("v2/models/demo/infer",
        """{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": ["a"], "parameters": {"binary_data_size": 0}}]}""", 400,
            "has data beside binary_data_size")]
    [InlineData("v2/models/demo/infer", """{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": ["\ud800"]}]}""", 400,
        "element 0 is not Unicode")]
    [InlineData("v2/models/demo/infer", """
        {"inputs": [{"name": "token_type_ids", "shape": [1, 2], "datatype": "INT64", "data": [0, 1]},
                    {"name": "input_ids", "shape": [1, 2], "datatype": "INT64", "data": [1, 2]}]}
        """, 400, "tokens are all of type 0")]
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
    public async Task A_text_of_a_batch_that_is_not_Unicode_has_its_error_in_its_place()
    {
        byte[] body = [.. Encoding.UTF8.GetBytes("""{"texts": ["good", "\ud800", """), (byte)'"', 0xff, (byte)'"',
            .. Encoding.UTF8.GetBytes(""", "bad"]}""")];
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await _http.PostAsync("v1/predict_batch", content, Cancel);

        var results = (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["texts[1]", "texts[2]"], results[1..3].Select(result => result.GetProperty("error").GetProperty("field").GetString()));
        Assert.All(new[] { results[0], results[3] }, result =>
            Assert.Equal(JsonValueKind.String, result.GetProperty("prediction").GetProperty("label").ValueKind));
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_a_400()
    {
        byte[] body = [.. "{\"text\": \""u8, 0xff, 0xfe, .. "\"}"u8];
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await _http.PostAsync("v1/predict", content, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("text: is not Unicode", (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("detail").GetString(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "v1/predict", "application/json", 405)]
    [InlineData("DELETE", "v1/models", "application/json", 405)]
    [InlineData("POST", "v1/models", "application/json", 405)]
    [InlineData("HEAD", "v1/predict", "application/json", 405)]
    [InlineData("POST", "v1/predict", "text/plain", 415)]
    [InlineData("POST", "predict", "application/xml", 415)]
    [InlineData("POST", "no/such", "application/json", 404)]
    public async Task Wrong_methods_types_and_paths_have_statuses_of_their_own_and_a_body(string method, string path, string contentType, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = method == "POST" ? new StringContent("""{"text": "x"}""", Encoding.UTF8, contentType) : null;
        using var response = await _http.SendAsync(request, Cancel);

        Assert.Equal(status, (int)response.StatusCode);
        if (method != "HEAD")
        {
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
            Assert.Equal(problem.GetProperty("detail").GetString(), problem.GetProperty("error").GetString());
        }
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    public async Task A_packing_that_is_not_read_is_named(string encoding)
    {
        using var content = new StringContent("""{"text": "x"}""", Encoding.UTF8, "application/json");
        content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        using var response = await _http.PostAsync("v1/predict", content, Cancel);

        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal((HttpStatusCode.BadRequest, "Content-Encoding"), (response.StatusCode, problem.GetProperty("field").GetString()));
    }

    [Theory]
    [InlineData("v1/models")]
    [InlineData("")]
    [InlineData("health/ready")]
    [InlineData("v2/models/demo")]
    [InlineData("openapi.json")]
    public async Task HEAD_is_where_GET_is(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var response = await _http.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task A_too_long_text_is_a_413_for_clients_of_text_embeddings_inference()
    {
        using var response = await _http.PostAsJsonAsync("predict", new { inputs = string.Join(' ', Enumerable.Repeat("bad", 600)) }, Cancel);

        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "Validation"), (response.StatusCode, problem.GetProperty("error_type").GetString()));
        Assert.Contains("has 602 tokens; the model takes 512", problem.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_raw_binary_request_is_one_text_and_is_answered_raw()
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes("a good film"));
        content.Headers.Add("Inference-Header-Content-Length", "0");
        using var response = await _http.PostAsync("v2/models/demo/infer", content, Cancel);
        var body = await response.Content.ReadAsByteArrayAsync(Cancel);

        var at = int.Parse(response.Headers.GetValues("Inference-Header-Content-Length").Single(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(_engine.LogitsFor("a good film")[0], BinaryPrimitives.ReadSingleLittleEndian(body.AsSpan(at)));
    }

    [Fact]
    public async Task Optional_members_may_be_null_INT32_ids_are_taken_and_a_cut_text_is_told()
    {
        var ids = TestEngine.Encode("a good film").Ids;
        var byIds = await PostAsync("v2/models/demo/infer", new
        {
            id = (string?)null,
            parameters = (object?)null,
            inputs = new object[]
            {
                new { name = "input_ids", shape = new[] { 1, ids.Length }, datatype = "INT32", data = new[] { ids }, parameters = (object?)null },
                new { name = "token_type_ids", shape = new[] { 1, ids.Length }, datatype = "INT32", data = new int[ids.Length] },
            },
            outputs = (object?)null,
        });
        var cut = await PostAsync("v2/models/demo/infer", new
        {
            inputs = new[] { new { name = "TEXT", shape = new[] { 2 }, datatype = "BYTES",
                data = new[] { "good", string.Join(' ', Enumerable.Repeat("good", 600)) } } },
        });

        Assert.Equal(_engine.LogitsFor("a good film"), Floats(byIds.GetProperty("outputs")[0].GetProperty("data")));
        Assert.False(byIds.TryGetProperty("parameters", out _));
        Assert.Equal((true, "1"), (cut.GetProperty("parameters").GetProperty("truncated").GetBoolean(),
            cut.GetProperty("parameters").GetProperty("truncated_rows").GetString()));
    }

    [Fact]
    public async Task The_index_lists_what_is_ready_where_that_is_asked_for()
    {
        var all = await PostAsync("v2/repository/index", new { });
        var ready = await PostAsync("v2/repository/index", new { ready = true });

        Assert.Equal(JsonValueKind.Array, all.ValueKind);
        Assert.All(ready.EnumerateArray(), model => Assert.Equal("READY", model.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task A_long_name_breaks_no_header_and_no_error()
    {
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress($"http://{_server.GrpcAddress}");
        var failure = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => new LoraOnnx.V1.Sentiment.SentimentClient(channel)
            .PredictAsync(new LoraOnnx.V1.PredictRequest { Model = new string('很', 100_000) }, cancellationToken: Cancel).ResponseAsync);
        using var rest = await _http.PostAsJsonAsync("v1/predict", new { text = "x", model = new string('\u0007', 100_000) }, Cancel);

        Assert.Equal(Grpc.Core.StatusCode.NotFound, failure.StatusCode);
        Assert.InRange(failure.Status.Detail.Length, 10, 501);
        // A control character is six.
        Assert.InRange((await rest.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("detail").GetString()!.Length, 10, 3500);
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
        using var content = Packed(
            """{"inputs": [{"name": "TEXT", "shape": [1], "datatype": "BYTES", "data": ["good"]}], "outputs": [{"name": "logits"}]}""", encoding);

        using var response = await _http.PostAsync("v2/models/demo/infer", content, Cancel);

        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal(_engine.LogitsFor("good"), Floats(answer.GetProperty("outputs")[0].GetProperty("data")));
    }

    [Fact]
    public async Task Errors_stand_where_KServes_clients_look_for_them_also_those_of_paths_that_do_not_exist()
    {
        using var missing = await _http.PostAsJsonAsync("v2/models/none/infer", new { inputs = Array.Empty<object>() }, Cancel);
        using var nowhere = await _http.GetAsync("v2/systemsharedmemory/status", Cancel);

        Assert.StartsWith("no model 'none'", (await missing.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("error").GetString(),
            StringComparison.Ordinal);
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
        Assert.Equal(_engine.LogitsFor("bad").OrderDescending(), batch[1].EnumerateArray()
            .Select(prediction => prediction.GetProperty("score").GetSingle()));
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
            {"inputs": [{"name": "input_ids", "shape": [1, {{{ids.Length}}}], "datatype": "INT64",
                "parameters": {"binary_data_size": {{{ids.Length * 8}}}}}],
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
        Assert.Superset(new HashSet<string> { "/v1/predict", "/v1/predict_batch", "/v1/tokenize", "/v1/models", "/predict", "/info",
            "/v2/models/{model}/infer", "/health" }, paths);
        var properties = document.GetProperty("components").GetProperty("schemas").GetProperty("PredictBody").GetProperty("properties");
        Assert.Equal("The text. Empty and blank texts are valid.", properties.GetProperty("text").GetProperty("description").GetString());
        Assert.True(properties.TryGetProperty("include_logits", out _), properties.ToString());
        var header = document.GetProperty("paths").GetProperty("/v1/predict").GetProperty("post").GetProperty("parameters")[0];
        Assert.Equal(("X-Request-Timeout", "header"), (header.GetProperty("name").GetString(), header.GetProperty("in").GetString()));
    }

    private static ByteArrayContent Packed(string text, string encoding)
    {
        using var packed = new MemoryStream();
        using (Stream packing = encoding == "gzip"
            ? new GZipStream(packed, CompressionLevel.Fastest)
            : new ZLibStream(packed, CompressionLevel.Fastest))
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
