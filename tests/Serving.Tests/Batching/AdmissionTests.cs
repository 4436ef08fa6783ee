using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Google.Protobuf;
using Grpc.Core;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;
using Microsoft.Extensions.DependencyInjection;
using TritonInference;

namespace LoraOnnx.Serving.Tests.Batching;

/// <summary>Batching, sharing and refusals as callers see them; the engine is held, so that nothing depends on speed.</summary>
public sealed class AdmissionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lone_text_leaves_at_once_and_what_comes_while_the_engine_is_busy_leaves_together()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Workers = 1 });
        var client = new Sentiment.SentimentClient(server.Connect());
        var model = server.Host.Catalog.Models[0].Model;
        engine.Hold();
        engine.Forget();

        var calls = new List<Task<PredictResponse>> { Predict(client, "first") };
        await Wait.UntilAsync(() => engine.BatchCount == 1); // nothing but this text was there to wait for
        calls.AddRange(Enumerable.Range(0, 5).Select(number => Predict(client, $"number {number}")));
        await Wait.UntilAsync(() => model.Work.QueuedTexts == 5);
        engine.LetGo();
        await Task.WhenAll(calls);

        Assert.Equal([1, 5], engine.Batches.Select(batch => batch.Length));
    }

    [Fact]
    public async Task Batches_keep_to_the_budget_in_tokens()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Workers = 1, BatchTokens = 20, QueueTokens = 10_000 });
        var client = new Sentiment.SentimentClient(server.Connect());
        var model = server.Host.Catalog.Models[0].Model;
        engine.Hold();
        engine.Forget();

        var calls = Enumerable.Range(0, 30)
            .Select(number => Predict(client, string.Join(' ', Enumerable.Repeat("good", 1 + number % 9)) + $" {number}")).ToArray();
        await Wait.UntilAsync(() => engine.BatchCount == 1 && model.Work.QueuedTexts + engine.Batches[0].Length == 30);
        engine.LetGo();
        await Task.WhenAll(calls);

        Assert.Equal(30, engine.Batches.Sum(batch => batch.Length));
        Assert.All(engine.Batches, batch => Assert.InRange(batch.Sum(ids => ids.Length), 2, 20));
    }

    [Fact]
    public async Task Identical_texts_in_flight_are_computed_once()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        var client = new Sentiment.SentimentClient(server.Connect());
        engine.Hold();
        engine.Forget();

        var first = Predict(client, "the very same");
        await Wait.UntilAsync(() => engine.BatchCount == 1);
        var others = Enumerable.Range(0, 5).Select(_ => Predict(client, "the very same")).ToArray();
        await Wait.UntilAsync(() => server.Host.Services.GetRequiredService<ServerState>().Calls == 6);
        engine.LetGo();
        var answers = await Task.WhenAll([first, .. others]);

        Assert.Equal(1, engine.RunsOf("the very same"));
        Assert.All(answers, answer => Assert.Equal(engine.LogitsFor("the very same"), answer.Logits));
        Assert.False(answers[0].Shared);
        Assert.All(answers[1..], answer => Assert.True(answer.Shared));
    }

    [Fact]
    public async Task A_cache_answers_exact_texts_only_where_it_was_asked_for()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Models = ["cached=a"], CacheMebibytes = 1 });
        await using var without = await TestServer.StartAsync(engine);
        var client = new Sentiment.SentimentClient(server.Connect());
        engine.Forget();

        var first = await Predict(client, "again");
        var again = await Predict(client, "again");
        await Predict(client, "again ");
        var elsewhere = await Predict(new Sentiment.SentimentClient(without.Connect()), "again");

        Assert.Equal((false, true, false), (first.Shared, again.Shared, elsewhere.Shared));
        Assert.Equal(first.Logits, again.Logits);
        Assert.Equal(3, engine.BatchCount);
    }

    [Fact]
    public async Task Overload_is_refused_at_once_with_a_time_to_come_back_by_the_same_rule_in_every_protocol()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Workers = 1, QueueTokens = 12, BatchTokens = 8 });
        var channel = server.Connect();
        var client = new Sentiment.SentimentClient(channel);
        var model = server.Host.Catalog.Models[0].Model;
        engine.Hold();
        engine.Forget();
        var accepted = new List<Task<PredictResponse>> { Predict(client, "one two three") }; // runs
        await Wait.UntilAsync(() => engine.BatchCount == 1);
        accepted.Add(Predict(client, "a b c d e f g h i j")); // 12 tokens: the queue is full
        await Wait.UntilAsync(() => model.Work.Load.Queued == 12);

        await AssertBusyAsync(() => Predict(client, "more"));
        await AssertBusyAsync(() =>
            client.PredictBatchAsync(new PredictBatchRequest { Texts = { "more" } }, cancellationToken: Cancel).ResponseAsync);
        await AssertBusyAsync(async () =>
        {
            using var stream = client.PredictStream(cancellationToken: Cancel);
            await stream.RequestStream.WriteAsync(new PredictStreamRequest { Request = new PredictRequest { Text = "more" } }, Cancel);
            await stream.ResponseStream.MoveNext(Cancel);
        });
        await AssertBusyAsync(() => new TextEmbeddingsInference.Predict.PredictClient(channel).PredictAsync(
            new TextEmbeddingsInference.PredictRequest { Inputs = "more" }, cancellationToken: Cancel).ResponseAsync);
        await AssertBusyAsync(() =>
            new GRPCInferenceService.GRPCInferenceServiceClient(channel).ModelInferAsync(Infer("more"), cancellationToken: Cancel).ResponseAsync);
        await AssertBusyAsync(() => new GRPCInferenceService.GRPCInferenceServiceClient(channel).ModelInferAsync(Infer("more", "and more"),
            cancellationToken: Cancel).ResponseAsync);
        using var http = server.Http();
        using var rest = await http.PostAsJsonAsync("v1/predict", new { text = "more" }, Cancel);
        engine.LetGo();
        var answers = await Task.WhenAll(accepted);

        Assert.Equal(HttpStatusCode.TooManyRequests, rest.StatusCode);
        Assert.True(rest.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1), rest.Headers.ToString());
        Assert.Equal(2, answers.Length);
        Assert.Equal(2, engine.Batches.Sum(batch => batch.Length)); // nothing that was refused ran
    }

    [Fact]
    public async Task A_text_whose_deadline_passes_in_the_queue_is_never_run()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Workers = 1 });
        var client = new Sentiment.SentimentClient(server.Connect());
        engine.Hold();
        engine.Forget();
        var first = Predict(client, "first");
        await Wait.UntilAsync(() => engine.BatchCount == 1);

        var failure = await Assert.ThrowsAsync<RpcException>(() =>
            client.PredictAsync(new PredictRequest { Text = "too late" }, deadline: DateTime.UtcNow.AddMilliseconds(200),
                cancellationToken: Cancel).ResponseAsync);
        // The server sees the deadline a moment after the client.
        await Wait.UntilAsync(() => server.Host.Catalog.Models[0].Model.Work.QueuedTexts == 0);

        engine.LetGo();
        await first;
        await Predict(client, "next");

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Equal((0, 1), (engine.RunsOf("too late"), engine.RunsOf("next")));
    }

    [Fact]
    public async Task A_cancelled_text_leaves_the_queue_at_once_and_is_never_run()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Workers = 1 });
        var client = new Sentiment.SentimentClient(server.Connect());
        var model = server.Host.Catalog.Models[0].Model;
        engine.Hold();
        engine.Forget();
        var first = Predict(client, "first");
        await Wait.UntilAsync(() => engine.BatchCount == 1);
        using var giveUp = new CancellationTokenSource();
        var abandoned = client.PredictAsync(new PredictRequest { Text = "abandoned" }, cancellationToken: giveUp.Token).ResponseAsync;
        await Wait.UntilAsync(() => model.Work.QueuedTexts == 1);

        await giveUp.CancelAsync();

        await Assert.ThrowsAsync<RpcException>(() => abandoned);
        await Wait.UntilAsync(() => model.Work.QueuedTexts == 0);
        engine.LetGo();
        await first;
        Assert.Equal(0, engine.RunsOf("abandoned"));
    }

    [Fact]
    public async Task One_text_that_the_engine_cannot_do_fails_alone_and_says_nothing_of_its_neighbours()
    {
        var engine = new TestEngine();
        var poison = TestEngine.Encode("poison").Ids[1];
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Workers = 1 });
        engine.BeforeRun = batch =>
        {
            if (batch.Any(ids => ids.Contains(poison)))
            {
                throw new InvalidOperationException("native detail");
            }
        };
        var client = new Sentiment.SentimentClient(server.Connect());

        var results = (await client.PredictBatchAsync(new PredictBatchRequest { Texts = { "good", "poison", "bad" }, IncludeLogits = true },
            cancellationToken: Cancel)).Results;
        var failure = await Assert.ThrowsAsync<RpcException>(() => Predict(client, "poison"));

        Assert.Equal(engine.LogitsFor("good"), results[0].Prediction.Logits);
        Assert.Equal((int)StatusCode.Internal, results[1].Error.Code);
        Assert.Equal(engine.LogitsFor("bad"), results[2].Prediction.Logits);
        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.DoesNotContain("native detail", failure.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("poison", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logits_that_are_not_finite_are_an_internal_error()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        engine.Answer = _ => [float.NaN, 1];

        var failure = await Assert.ThrowsAsync<RpcException>(() => Predict(new Sentiment.SentimentClient(server.Connect()), "x"));

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
    }

    private static Task<PredictResponse> Predict(Sentiment.SentimentClient client, string text) =>
        client.PredictAsync(new PredictRequest { Text = text, IncludeLogits = true }, cancellationToken: Cancel).ResponseAsync;

    private static ModelInferRequest Infer(params string[] texts) => new()
    {
        Inputs =
        {
            new ModelInferRequest.Types.InferInputTensor
            {
                Name = "TEXT", Datatype = "BYTES", Shape = { texts.Length },
                    Contents = new InferTensorContents { BytesContents = { texts.Select(ByteString.CopyFromUtf8) } },
            },
        },
    };

    private static async Task AssertBusyAsync(Func<Task> call)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.True(long.Parse(failure.Trailers.GetValue("grpc-retry-pushback-ms")!, CultureInfo.InvariantCulture) > 0, failure.Trailers.ToString());
    }
}
