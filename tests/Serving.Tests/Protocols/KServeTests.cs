using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Serving.Tests.Support;
using TritonInference;
using InputTensor = TritonInference.ModelInferRequest.Types.InferInputTensor;
using OutputTensor = TritonInference.ModelInferRequest.Types.InferRequestedOutputTensor;

namespace LoraOnnx.Serving.Tests.Protocols;

/// <summary>inference.GRPCInferenceService as tritonclient and other KServe clients call it.</summary>
public sealed class KServeTests : IAsyncLifetime
{
    private readonly TestEngine _engine = new();
    private TestServer _server = null!; // set before any test runs
    private GRPCInferenceService.GRPCInferenceServiceClient _client = null!; // as above

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(_engine,
            TestServer.Options with { Workers = 1, Models = ["demo@1=demo"], MaxBatchTexts = 8, MaxTextChars = 1000 });
        _client = new GRPCInferenceService.GRPCInferenceServiceClient(_server.Connect());
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Server_and_models_are_live_ready_and_described()
    {
        Assert.True((await _client.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancel)).Live);
        Assert.True((await _client.ServerReadyAsync(new ServerReadyRequest(), cancellationToken: Cancel)).Ready);
        Assert.True((await _client.ModelReadyAsync(new ModelReadyRequest { Name = "demo", Version = "1" }, cancellationToken: Cancel)).Ready);
        Assert.False((await _client.ModelReadyAsync(new ModelReadyRequest { Name = "other" }, cancellationToken: Cancel)).Ready);
        var server = await _client.ServerMetadataAsync(new ServerMetadataRequest(), cancellationToken: Cancel);
        var model = await _client.ModelMetadataAsync(new ModelMetadataRequest { Name = "demo" }, cancellationToken: Cancel);
        var config = (await _client.ModelConfigAsync(new ModelConfigRequest { Name = "demo" }, cancellationToken: Cancel)).Config;

        Assert.Equal("lora-serve", server.Name);
        Assert.Contains("classification", server.Extensions);
        Assert.Equal(["1"], model.Versions);
        Assert.Equal([("TEXT", "BYTES"), ("input_ids", "INT64"), ("attention_mask", "INT64")], model.Inputs
            .Select(tensor => (tensor.Name, tensor.Datatype)));
        Assert.Equal([("logits", "FP32"), ("scores", "FP32"), ("label", "BYTES")], model.Outputs.Select(tensor => (tensor.Name, tensor.Datatype)));
        Assert.Equal([-1L, 2L], model.Outputs[0].Shape);
        Assert.Equal((8, DataType.TypeString), (config.MaxBatchSize, config.Input[0].DataType));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Texts_and_their_token_ids_give_the_same_logits_raw_or_not(bool raw)
    {
        string[] texts = ["a good film", "bad"];
        var byText = await _client.ModelInferAsync(Request(raw, Texts(texts)), cancellationToken: Cancel);
        var byIds = await _client.ModelInferAsync(Request(raw, Ids(texts, width: 9)), cancellationToken: Cancel);

        var expected = texts.SelectMany(_engine.LogitsFor).ToArray();
        Assert.Equal(raw, byText.RawOutputContents.Count > 0);
        Assert.Equal(expected, Numbers(byText, "logits"));
        Assert.Equal(expected, Numbers(byIds, "logits"));
        Assert.Equal(texts.SelectMany(text => Probabilities.Of(_engine.LogitsFor(text), _engine.Config.Task.ProblemType))
            .Select(score => (float)score), Numbers(byText, "scores"));
        Assert.Equal(texts.Select(text => _engine.LogitsFor(text) is [var no, var yes] && yes > no
            ? "POSITIVE"
            : "NEGATIVE"), Strings(byText, "label"));
        Assert.Equal(("demo", "1", "7"), (byText.ModelName, byText.ModelVersion, byText.Id));
        Assert.Equal([2L, 2L], byText.Outputs[0].Shape);
    }

    [Fact]
    public async Task Only_the_outputs_asked_for_come_and_classification_ranks_the_classes()
    {
        var request = Request(raw: true, Texts(["a good film"]));
        request.Outputs.Add(new OutputTensor { Name = "logits", Parameters = { ["classification"] = new InferParameter { Int64Param = 1 } } });

        var answer = await _client.ModelInferAsync(request, cancellationToken: Cancel);

        var logits = _engine.LogitsFor("a good film");
        var best = logits[1] > logits[0] ? 1 : 0;
        Assert.Equal("logits", Assert.Single(answer.Outputs).Name);
        Assert.Equal([string.Create(CultureInfo.InvariantCulture, $"{logits[best]:f6}:{best}:{(best == 1
            ? "POSITIVE"
            : "NEGATIVE")}")], Strings(answer, "logits"));
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_said_and_named()
    {
        await AssertInvalidAsync("expected TEXT (BYTES), or input_ids", Request(false));
        await AssertInvalidAsync("there is no output 'x'; there are logits, scores, label",
            Change(Request(false, Texts(["a"])), request => request.Outputs.Add(new OutputTensor { Name = "x" })));
        await AssertInvalidAsync("is [3], expected", Change(Request(false, Ids(["a b"], 4)), request => Reshape(request.Inputs[0], 3)));
        await AssertInvalidAsync("has 4 elements; its shape [1, 5] needs 5",
            Change(Request(false, Ids(["a b"], 4)[..1]), request => Reshape(request.Inputs[0], 1, 5)));
        await AssertInvalidAsync("has 32 bytes; its shape [1, 5] needs 40",
            Change(Request(true, Ids(["a b"], 4)[..1]), request => Reshape(request.Inputs[0], 1, 5)));
        await AssertInvalidAsync("expected 0 to",
            Change(Request(false, Ids(["a b"], 4)), request => request.Inputs[0].Contents.Int64Contents[1] = -1));
        await AssertInvalidAsync("row 0 is not ones followed by zeros",
            Change(Request(false, Ids(["a b"], 4)), request => request.Inputs[1].Contents.Int64Contents[0] = 0));
        await AssertInvalidAsync("has 9 texts; at most 8", Request(false, Texts([.. Enumerable.Repeat("a", 9)])));
        await AssertInvalidAsync("at most 1000 are taken", Request(false, Texts([new string('x', 1001)])));
        await AssertInvalidAsync("element 0 is not UTF-8",
            Change(Request(false, Texts(["a"])), request => request.Inputs[0].Contents.BytesContents[0] = ByteString.CopyFrom(0xff, 0xfe)));
        await AssertInvalidAsync("breaks off in element 0",
            Change(Request(true, Texts(["abc"])), request => request.RawInputContents[0] = ByteString.CopyFrom(200, 0, 0, 0, 1)));
        await AssertInvalidAsync("at most",
            Change(Request(false, Texts(["a"])), request => Reshape(request.Inputs[0], long.MaxValue, long.MaxValue)));
        await AssertInvalidAsync("has contents beside raw_input_contents",
            Change(Request(false, Texts(["a"])), request => request.RawInputContents.Add(ByteString.Empty)));
        await AssertInvalidAsync("is FP32, expected BYTES, INT64 or INT32",
            Change(Request(false, Ids(["a b"], 4)), request => request.Inputs[0].Datatype = "FP32"));
        await AssertInvalidAsync("is INT32 and has int64_contents",
            Change(Request(false, Ids(["a b"], 4)), request => request.Inputs[0].Datatype = "INT32"));
        await AssertInvalidAsync("'timeout' is a number of microseconds",
            Change(Request(false, Texts(["a"])), request => request.Parameters["timeout"] = new InferParameter { StringParam = "soon" }));
        var missing = await Assert.ThrowsAsync<RpcException>(() => _client.ModelInferAsync(
            Change(Request(false, Texts(["a"])), request => request.ModelName = "other"), cancellationToken: Cancel).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task A_timeout_in_the_request_ends_the_call()
    {
        _engine.Hold();
        _engine.Forget();
        var busy = _client.ModelInferAsync(Request(false, Texts(["busy"])), cancellationToken: Cancel).ResponseAsync;
        await Wait.UntilAsync(() => _engine.BatchCount == 1);

        var late = await Assert.ThrowsAsync<RpcException>(() => _client.ModelInferAsync(
            Change(Request(false, Texts(["late"])), request => request.Parameters["timeout"] = new InferParameter { Int64Param = 100_000 }),
            cancellationToken: Cancel).ResponseAsync);
        await Wait.UntilAsync(() => _server.Host.Catalog.Models[0].Model.Work.QueuedTexts == 0);
        _engine.LetGo();

        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode); // while the engine was still held
        Assert.NotNull(await busy);
    }

    [Fact]
    public async Task No_rows_are_answered_with_none_by_the_model_that_would_have_answered()
    {
        var answer = await _client.ModelInferAsync(Request(false, Texts([])), cancellationToken: Cancel);

        Assert.Equal(("demo", "1"), (answer.ModelName, answer.ModelVersion));
        Assert.Equal([[0L, 2L], [0L, 2L], [0L, 1L]], answer.Outputs.Select(output => output.Shape.ToArray()));
    }

    [Fact]
    public async Task A_stream_goes_on_after_an_error()
    {
        using var call = _client.ModelStreamInfer(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(Request(false, Texts(["good"])), Cancel);
        await call.RequestStream.WriteAsync(Request(false), Cancel);
        await call.RequestStream.WriteAsync(Request(false, Texts(["bad"])), Cancel);
        await call.RequestStream.CompleteAsync();

        var answers = new List<ModelStreamInferResponse>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync(Cancel))
        {
            answers.Add(answer);
        }

        Assert.Equal([false, true, false], answers.Select(answer => answer.ErrorMessage.Length > 0));
        Assert.Equal(_engine.LogitsFor("bad"), Numbers(answers[2].InferResponse, "logits"));
    }

    [Fact]
    public async Task Statistics_count_what_was_answered()
    {
        await _client.ModelInferAsync(Request(false, Texts(["one", "two", "three"])), cancellationToken: Cancel);

        var statistics = Assert.Single(
            (await _client.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "demo" }, cancellationToken: Cancel)).ModelStats);

        Assert.Equal(("demo", "1", 3ul, 3ul),
            (statistics.Name, statistics.Version, statistics.InferenceCount, statistics.InferenceStats.Success.Count));
        Assert.InRange(statistics.ExecutionCount, 1ul, 3ul);
        // perf_analyzer ends itself where these differ.
        Assert.Equal((3ul, 3ul, 3ul), (statistics.InferenceStats.ComputeInput.Count, statistics.InferenceStats.ComputeInfer.Count,
            statistics.InferenceStats.ComputeOutput.Count));
        Assert.Equal(3ul, statistics.BatchStats.Aggregate(0ul, (sum, batch) => sum + batch.BatchSize * batch.ComputeInfer.Count));
    }

    [Fact]
    public async Task Models_of_the_repository_are_listed_loaded_and_unloaded()
    {
        var directory = Directory.CreateTempSubdirectory("lora-serve-models-");
        await File.WriteAllTextAsync(Path.Combine(directory.CreateSubdirectory("spare").FullName, "model.onnx"), "", Cancel);
        await using var server = await TestServer.StartAsync(_engine, TestServer.Options with { ModelsDirectory = directory.FullName });
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(server.Connect());

        async Task<string> IndexAsync() => string.Join(' ', (await client.RepositoryIndexAsync(new RepositoryIndexRequest(),
            cancellationToken: Cancel)).Models.Select(model => $"{model.Name}:{model.State}"));

        var before = await IndexAsync();
        await client.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "spare" }, cancellationToken: Cancel);
        var loaded = await IndexAsync();
        await client.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "spare" }, cancellationToken: Cancel);
        var after = await IndexAsync();
        var missing = await Assert.ThrowsAsync<RpcException>(() =>
            client.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "../demo" }, cancellationToken: Cancel).ResponseAsync);

        Assert.Equal("demo:READY spare:UNAVAILABLE", before);
        Assert.Equal("demo:READY spare:READY", loaded);
        Assert.Equal(before, after);
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
        directory.Delete(recursive: true);
    }

    private static InputTensor[] Texts(string[] texts) =>
        [new() { Name = "TEXT", Datatype = "BYTES", Shape = { texts.Length, 1 },
            Contents = new InferTensorContents { BytesContents = { texts.Select(ByteString.CopyFromUtf8) } } }];

    private static InputTensor[] Ids(string[] texts, int width)
    {
        var rows = texts.Select(text => TestEngine.Encode(text).Ids).ToArray();
        return
        [
            Tensor("input_ids", rows.SelectMany(row => row.Select(id => (long)id).Concat(new long[width - row.Length]))),
            Tensor("attention_mask", rows.SelectMany(row => Enumerable.Range(0, width).Select(i => i < row.Length ? 1L : 0L))),
        ];

        InputTensor Tensor(string name, IEnumerable<long> values) =>
            new()
            {
                Name = name,
                Datatype = "INT64",
                Shape = { texts.Length, width },
                Contents = new InferTensorContents { Int64Contents = { values } }
            };
    }

    private static ModelInferRequest Request(bool raw, params InputTensor[] inputs)
    {
        var request = new ModelInferRequest { ModelName = "demo", Id = "7", Inputs = { inputs } };
        foreach (var input in raw ? inputs : [])
        {
            var contents = input.Contents!; // set by Texts and Ids
            request.RawInputContents.Add(input.Datatype == "BYTES"
                ? ByteString.CopyFrom([.. contents.BytesContents.SelectMany(text => BitConverter.GetBytes(text.Length).Concat(text.ToByteArray()))])
                : ByteString.CopyFrom([.. contents.Int64Contents.SelectMany(BitConverter.GetBytes)]));
            input.Contents = null;
        }

        return request;
    }

    private static ModelInferRequest Change(ModelInferRequest request, Action<ModelInferRequest> change)
    {
        change(request);
        return request;
    }

    private static void Reshape(InputTensor tensor, params long[] shape)
    {
        tensor.Shape.Clear();
        tensor.Shape.AddRange(shape);
    }

    private static float[] Numbers(ModelInferResponse response, string output)
    {
        var index = response.Outputs.ToList().FindIndex(tensor => tensor.Name == output);
        if (response.RawOutputContents.Count == 0)
        {
            return [.. response.Outputs[index].Contents.Fp32Contents];
        }

        var raw = response.RawOutputContents[index];
        return [.. Enumerable.Range(0, raw.Length / sizeof(float))
            .Select(i => BinaryPrimitives.ReadSingleLittleEndian(raw.Span[(i * sizeof(float))..]))];
    }

    private static List<string> Strings(ModelInferResponse response, string output)
    {
        var index = response.Outputs.ToList().FindIndex(tensor => tensor.Name == output);
        if (response.RawOutputContents.Count == 0)
        {
            return [.. response.Outputs[index].Contents.BytesContents.Select(text => text.ToStringUtf8())];
        }

        var raw = response.RawOutputContents[index].Span;
        var texts = new List<string>();
        for (var at = 0; at < raw.Length; at += sizeof(uint) + (int)BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]))
        {
            texts.Add(Encoding.UTF8.GetString(raw.Slice(at + sizeof(uint), (int)BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]))));
        }

        return texts;
    }

    private async Task AssertInvalidAsync(string expected, ModelInferRequest request)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => _client.ModelInferAsync(request, cancellationToken: Cancel).ResponseAsync);
        Assert.True(failure.StatusCode == StatusCode.InvalidArgument && failure.Status.Detail.Contains(expected, StringComparison.Ordinal),
            $"expected '{expected}'; {failure.Status}");
    }
}
