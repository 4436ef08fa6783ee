using Grpc.Core;
using LoraOnnx.Serving.Tests.Support;
using TextEmbeddingsInference;

namespace LoraOnnx.Serving.Tests.Protocols;

/// <summary>tei.v1 as a client of text-embeddings-inference calls it.</summary>
public sealed class TeiTests
{
    private static readonly string _long = string.Join(' ', Enumerable.Repeat("bad", 600)) + " awful";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Info_describes_the_default_model()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());

        var info = await new Info.InfoClient(server.Connect()).InfoAsync(new InfoRequest(), cancellationToken: Cancel);

        Assert.Equal(("demo", new string('a', 64), ModelType.Classifier, 512u, 1000u),
            (info.ModelId, info.ModelSha, info.ModelType, info.MaxInputLength, info.MaxClientBatchSize));
        Assert.True(info.MaxBatchTokens >= 64 && info.MaxConcurrentRequests > 0 && info.TokenizationWorkers > 0, info.ToString());
    }

    [Fact]
    public async Task Labels_come_by_falling_score_with_metadata_and_raw_scores_are_the_logits()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        var client = new Predict.PredictClient(server.Connect());
        const string text = "a good film 🎬";

        var answer = await client.PredictAsync(new PredictRequest { Inputs = text }, cancellationToken: Cancel);
        var raw = await client.PredictAsync(new PredictRequest { Inputs = text, RawScores = true }, cancellationToken: Cancel);

        var logits = engine.LogitsFor(text);
        Assert.Equal(1, answer.Predictions.Sum(prediction => prediction.Score), 1e-5);
        Assert.True(answer.Predictions[0].Score >= answer.Predictions[1].Score, answer.ToString());
        Assert.Equal(logits.OrderDescending(), raw.Predictions.Select(prediction => prediction.Score));
        Assert.Equal(logits[0] > logits[1]
            ? ["NEGATIVE", "POSITIVE"]
            : ["POSITIVE", "NEGATIVE"], raw.Predictions.Select(prediction => prediction.Label));
        Assert.Equal((13u, 6u), (answer.Metadata.ComputeChars, answer.Metadata.ComputeTokens));
        Assert.True(answer.Metadata.TotalTimeNs > 0, answer.ToString());
    }

    [Fact]
    public async Task A_long_text_is_refused_unless_truncate_is_set_and_then_cut_at_the_side_asked_for()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        var client = new Predict.PredictClient(server.Connect());

        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            client.PredictAsync(new PredictRequest { Inputs = _long }, cancellationToken: Cancel).ResponseAsync);
        var right = await client.PredictAsync(new PredictRequest { Inputs = _long, Truncate = true }, cancellationToken: Cancel);
        await client.PredictAsync(new PredictRequest { Inputs = _long, Truncate = true, TruncationDirection = TruncationDirection.Left },
            cancellationToken: Cancel);

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("inputs: has 603 tokens; the model takes 512", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(512u, right.Metadata.ComputeTokens);
        Assert.Equal(TestEngine.Encode("awful").Ids[1], engine.Batches[^1][0][^2]);
    }

    [Fact]
    public async Task Nothing_is_INVALID_ARGUMENT_as_upstream()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var channel = server.Connect();
        var (predict, tokenize) = (new Predict.PredictClient(channel), new Tokenize.TokenizeClient(channel));

        foreach (var call in new Func<Task>[]
        {
            () => predict.PredictAsync(new PredictRequest { Truncate = true }, cancellationToken: Cancel).ResponseAsync,
            () => tokenize.TokenizeAsync(new EncodeRequest(), cancellationToken: Cancel).ResponseAsync,
            () => tokenize.DecodeAsync(new DecodeRequest(), cancellationToken: Cancel).ResponseAsync,
        })
        {
            var failure = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
            Assert.EndsWith("cannot be empty.", failure.Status.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Pairs_and_unknown_enum_values_are_refused_and_named()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var client = new Predict.PredictClient(server.Connect());

        var pair = await Assert.ThrowsAsync<RpcException>(() =>
            client.PredictPairAsync(new PredictPairRequest { Inputs = { "a", "b" } }, cancellationToken: Cancel).ResponseAsync);
        var direction = await Assert.ThrowsAsync<RpcException>(() =>
            client.PredictAsync(new PredictRequest { Inputs = "x", TruncationDirection = (TruncationDirection)7 },
                cancellationToken: Cancel).ResponseAsync);

        Assert.Equal(StatusCode.Unimplemented, pair.StatusCode);
        Assert.Contains("not pairs", pair.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.InvalidArgument, direction.StatusCode);
        Assert.Contains("truncation_direction: 7", direction.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_answers_in_order_until_a_text_is_wrong()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        using var call = new Predict.PredictClient(server.Connect()).PredictStream(cancellationToken: Cancel);
        for (var i = 0; i < 20; i++)
        {
            await call.RequestStream.WriteAsync(new PredictRequest { Inputs = $"text {i}", RawScores = true }, Cancel);
        }

        await call.RequestStream.WriteAsync(new PredictRequest { Inputs = _long }, Cancel);
        await call.RequestStream.CompleteAsync();

        for (var i = 0; i < 20; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext(Cancel));
            Assert.Equal(engine.LogitsFor($"text {i}").OrderDescending(), call.ResponseStream.Current.Predictions
                .Select(prediction => prediction.Score));
        }

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancel));
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
    }

    [Fact]
    public async Task Tokens_are_pieces_of_the_text_with_offsets_in_bytes_and_decode_back()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var client = new Tokenize.TokenizeClient(server.Connect());

        var whole = await client.TokenizeAsync(new EncodeRequest { Inputs = "Très good", AddSpecialTokens = true }, cancellationToken: Cancel);
        var bare = await client.TokenizeAsync(new EncodeRequest { Inputs = "Très good" }, cancellationToken: Cancel);
        var text = await client.DecodeAsync(new DecodeRequest { Ids = { whole.Tokens.Select(token => token.Id) }, SkipSpecialTokens = true },
            cancellationToken: Cancel);
        var wrong = await Assert.ThrowsAsync<RpcException>(() =>
            client.DecodeAsync(new DecodeRequest { Ids = { 4_000_000_000 } }, cancellationToken: Cancel).ResponseAsync);

        Assert.Equal(("[CLS]", true, false), (whole.Tokens[0].Text, whole.Tokens[0].Special, whole.Tokens[0].HasStart));
        Assert.Equal(("good", 6u, 10u), (whole.Tokens[^2].Text, whole.Tokens[^2].Start, whole.Tokens[^2].Stop));
        Assert.Equal(whole.Tokens.Skip(1).SkipLast(1), bare.Tokens);
        Assert.Equal("tres good", text.Text);
        Assert.Equal(StatusCode.InvalidArgument, wrong.StatusCode);
    }
}
