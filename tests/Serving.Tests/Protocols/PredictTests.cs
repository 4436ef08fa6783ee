using Grpc.Core;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;

namespace LoraOnnx.Serving.Tests.Protocols;

public sealed class PredictTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_carries_label_scores_counts_model_and_times()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        var client = new Sentiment.SentimentClient(server.Connect());

        var answer = await client.PredictAsync(new PredictRequest { Text = "a good film", IncludeLogits = true }, cancellationToken: Cancel);

        var logits = engine.LogitsFor("a good film");
        var expected = Probabilities.Of(logits, engine.Config.Task.ProblemType);
        Assert.Equal(logits, answer.Logits);
        Assert.Equal(["NEGATIVE", "POSITIVE"], answer.Scores.Select(score => score.Label));
        Assert.Equal(expected.Select(score => (float)score), answer.Scores.Select(score => score.Score));
        Assert.Equal(expected[1] > expected[0] ? "POSITIVE" : "NEGATIVE", answer.Label);
        Assert.Equal((5u, 5u, false), (answer.Tokens, answer.TotalTokens, answer.Truncated));
        Assert.Equal(("demo", "aaaaaaaaaaaa"), (answer.Model, answer.ModelVersion));
        Assert.True(answer.Times.TotalUs >= answer.Times.InferUs && answer.Times.TotalUs > 0, answer.Times.ToString());
    }

    [Fact]
    public async Task Logits_are_left_out_unless_asked_for()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var client = new Sentiment.SentimentClient(server.Connect());

        var answer = await client.PredictAsync(new PredictRequest { Text = "x" }, cancellationToken: Cancel);

        Assert.Empty(answer.Logits);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \n\t")]
    [InlineData("🎬 “naïve” \u0000\u200b 很好")]
    public async Task Any_text_is_answered(string text)
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var client = new Sentiment.SentimentClient(server.Connect());

        var answer = await client.PredictAsync(new PredictRequest { Text = text }, cancellationToken: Cancel);

        Assert.True(answer.Tokens >= 2);
    }

    [Fact]
    public async Task A_text_beyond_the_models_limit_is_cut_and_says_so()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var client = new Sentiment.SentimentClient(server.Connect());

        var answer = await client.PredictAsync(new PredictRequest { Text = string.Join(' ', Enumerable.Repeat("good", 600)) },
            cancellationToken: Cancel);

        Assert.Equal((512u, 602u, true), (answer.Tokens, answer.TotalTokens, answer.Truncated));
    }

    [Fact]
    public async Task Wrong_fields_are_named()
    {
        await using var server = await TestServer.StartAsync(new TestEngine(), TestServer.Options with { MaxTextChars = 4000, MaxBatchTexts = 3 });
        var client = new Sentiment.SentimentClient(server.Connect());

        await AssertInvalidAsync("text", () =>
            client.PredictAsync(new PredictRequest { Text = new string('x', 4001) }, cancellationToken: Cancel).ResponseAsync);
        await AssertInvalidAsync("truncation", () =>
            client.PredictAsync(new PredictRequest { Text = "x", Truncation = (Truncation)77 }, cancellationToken: Cancel).ResponseAsync);
        await AssertInvalidAsync("text", () => client.PredictAsync(
            new PredictRequest { Text = string.Join(' ', Enumerable.Repeat("a", 600)), Truncation = Truncation.Refuse },
                cancellationToken: Cancel).ResponseAsync);
        await AssertInvalidAsync("texts", () =>
            client.PredictBatchAsync(new PredictBatchRequest { Texts = { "a", "b", "c", "d" } }, cancellationToken: Cancel).ResponseAsync);
        await AssertInvalidAsync("max_tokens", () =>
            client.TokenizeAsync(new TokenizeRequest { Text = "x", MaxTokens = 1 }, cancellationToken: Cancel).ResponseAsync);
        await AssertInvalidAsync("offset_unit", () =>
            client.TokenizeAsync(new TokenizeRequest { Text = "x", OffsetUnit = (OffsetUnit)9 }, cancellationToken: Cancel).ResponseAsync);
    }

    [Fact]
    public async Task An_unknown_model_is_NOT_FOUND_and_the_known_ones_are_named()
    {
        await using var server = await TestServer.StartAsync(new TestEngine(), TestServer.Options with { Models = ["first=a", "second@7=b"] });
        var client = new Sentiment.SentimentClient(server.Connect());

        var failure = await Assert.ThrowsAsync<RpcException>(() =>
            client.PredictAsync(new PredictRequest { Text = "x", Model = "third" }, cancellationToken: Cancel).ResponseAsync);

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        Assert.Contains("first@aaaaaaaaaaaa, second@7", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_without_a_name_go_to_the_first_model_and_the_list_says_which_it_is()
    {
        await using var server = await TestServer.StartAsync(new TestEngine(), TestServer.Options with { Models = ["first=a", "second@7=b"] });
        var client = new Sentiment.SentimentClient(server.Connect());

        var unnamed = await client.PredictAsync(new PredictRequest { Text = "x" }, cancellationToken: Cancel);
        var named = await client.PredictAsync(new PredictRequest { Text = "x", Model = "second", ModelVersion = "7" }, cancellationToken: Cancel);
        var models = (await client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancel)).Models;

        Assert.Equal(("first", "second"), (unnamed.Model, named.Model));
        Assert.Equal([("first", true), ("second", false)], models.Select(model => (model.Name, model.IsDefault)));
        Assert.All(models, model => Assert.Equal(("test", 512u, 1.0, 0.5, true),
            (model.Metadata["method"], model.MaxTokens, model.Temperature, model.Threshold, model.Loaded)));
    }

    [Fact]
    public async Task In_a_batch_a_wrong_text_has_its_error_in_its_place_and_the_others_their_answers()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { MaxTextChars = 100 });
        var client = new Sentiment.SentimentClient(server.Connect());

        var answer = await client.PredictBatchAsync(
            new PredictBatchRequest { Texts = { "good", new string('x', 101), "bad", "good" }, IncludeLogits = true }, cancellationToken: Cancel);

        Assert.Equal(engine.LogitsFor("good"), answer.Results[0].Prediction.Logits);
        Assert.Equal(((int)StatusCode.InvalidArgument, "texts[1]"), (answer.Results[1].Error.Code, answer.Results[1].Error.Field));
        Assert.DoesNotContain("xxx", answer.Results[1].Error.Message, StringComparison.Ordinal);
        Assert.Equal(engine.LogitsFor("bad"), answer.Results[2].Prediction.Logits);
        Assert.Equal(engine.LogitsFor("good"), answer.Results[3].Prediction.Logits);
    }

    [Fact]
    public async Task Tokens_come_with_ids_entries_and_offsets_in_the_unit_asked_for()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var client = new Sentiment.SentimentClient(server.Connect());
        const string text = "🎬 good";

        var points = await client.TokenizeAsync(new TokenizeRequest { Text = text }, cancellationToken: Cancel);
        var utf16 = await client.TokenizeAsync(new TokenizeRequest { Text = text, OffsetUnit = OffsetUnit.Utf16 }, cancellationToken: Cancel);
        var bytes = await client.TokenizeAsync(new TokenizeRequest { Text = text, OffsetUnit = OffsetUnit.Utf8Bytes }, cancellationToken: Cancel);

        Assert.Equal(["[CLS]", "[UNK]", "good", "[SEP]"], points.Tokens.Select(token => token.Text));
        Assert.Equal(TestEngine.Encode(text).Ids.Select(id => (uint)id), points.Tokens.Select(token => token.Id));
        Assert.Equal([true, false, false, true], points.Tokens.Select(token => token.Special));
        Assert.Equal((2u, 6u), (points.Tokens[2].Start, points.Tokens[2].End));
        Assert.Equal((3u, 7u), (utf16.Tokens[2].Start, utf16.Tokens[2].End));
        Assert.Equal((5u, 9u), (bytes.Tokens[2].Start, bytes.Tokens[2].End));
        Assert.Equal(OffsetUnit.CodePoints, points.OffsetUnit);
    }

    private static async Task AssertInvalidAsync(string field, Func<Task> call)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(call);

        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        var details = failure.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>();
        Assert.Equal(field, Assert.Single(details.FieldViolations).Field);
    }
}
