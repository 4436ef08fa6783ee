using Google.Protobuf;
using Grpc.Core;
using LoraOnnx.Client;
using LoraOnnx.Serving.Admission;
using LoraOnnx.Serving.Tests.Support;
using LoraOnnx.V1;
using Microsoft.Extensions.DependencyInjection;
using TritonInference;

namespace LoraOnnx.Serving.Tests.Protocols;

public sealed class StreamTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_texts_come_back_in_order()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine);
        using var client = new SentimentClient(server.GrpcAddress);
        string[] texts = [.. Enumerable.Range(0, 1000).Select(number => $"text number {number}")];

        var results = new List<ItemResult>();
        await foreach (var result in client.PredictAllAsync(texts.ToAsyncEnumerable(), PredictOptions.Default with { IncludeLogits = true }, Cancel))
        {
            results.Add(result);
        }

        Assert.Equal(texts.Select(text => string.Join(' ', engine.LogitsFor(text))), results
            .Select(result => string.Join(' ', result.Prediction.Logits)));
    }

    [Fact]
    public async Task Answers_carry_the_ids_of_their_requests_and_an_error_does_not_end_the_stream()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        using var call = new Sentiment.SentimentClient(server.Connect()).PredictStream(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new PredictStreamRequest { Id = "a", Request = new PredictRequest { Text = "good" } }, Cancel);
        await call.RequestStream.WriteAsync(new PredictStreamRequest { Id = "b", Request = new PredictRequest { Text = "good", Model = "none" } },
            Cancel);
        await call.RequestStream.WriteAsync(
            new PredictStreamRequest { Id = "c", Request = new PredictRequest { Text = "good", Truncation = (Truncation)9 } }, Cancel);
        await call.RequestStream.WriteAsync(new PredictStreamRequest { Id = "d" }, Cancel);
        await call.RequestStream.CompleteAsync();

        var answers = new List<(string Id, string Field)>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync(Cancel))
        {
            answers.Add((answer.Id, answer.Result.Error?.Field ?? ""));
        }

        Assert.Equal([("a", ""), ("b", "request.model"), ("c", "request.truncation"), ("d", "")], answers);
    }

    [Fact]
    public async Task A_stream_takes_no_more_texts_than_its_window_while_nothing_is_answered()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { QueueTokens = 40 });
        engine.Hold();
        var batches = engine.BatchCount;
        using var call = new Sentiment.SentimentClient(server.Connect()).PredictStream(cancellationToken: Cancel);
        var model = server.Host.Catalog.Models[0].Model;

        var sending = SendAsync(call.RequestStream, 5000);
        await Wait.UntilAsync(() => engine.BatchCount > batches); // it is held at the gate; what comes now stays in the queue
        await Wait.UntilAsync(() => model.Work.Load.Queued > 10);

        Assert.False(sending.IsCompleted);
        Assert.InRange(model.Work.Load.Queued, 1, 20); // bulk work may fill half of the queue
        engine.LetGo();
        var answered = 0;
        await foreach (var _ in call.ResponseStream.ReadAllAsync(Cancel))
        {
            answered++;
        }

        Assert.Equal(5000, answered);
    }

    [Fact]
    public async Task A_stream_of_large_messages_holds_a_few_of_them_in_memory()
    {
        var engine = new TestEngine();
        await using var server = await TestServer.StartAsync(engine, TestServer.Options with { Workers = 1 });
        engine.Hold();
        var memory = server.Host.Services.GetRequiredService<RequestMemory>();
        using var call = new GRPCInferenceService.GRPCInferenceServiceClient(server.Connect()).ModelStreamInfer(cancellationToken: Cancel);

        var sending = SendLargeAsync(call.RequestStream, 60);
        await Wait.UntilAsync(() => memory.Held > 4 << 20);

        Assert.InRange(memory.Held, 4 << 20, 12 << 20); // the window, the message that overran it, and what is read of the next
        Assert.False(sending.IsCompleted);
        engine.LetGo();
        var answered = 0;
        await foreach (var _ in call.ResponseStream.ReadAllAsync(Cancel))
        {
            answered++;
        }

        Assert.Equal(60, answered);
    }

    private static async Task SendLargeAsync(IClientStreamWriter<ModelInferRequest> writer, int count)
    {
        var text = ByteString.CopyFromUtf8(new string(' ', 90_000)); // ten in a message of 0.9 MB
        for (var i = 0; i < count; i++)
        {
            var input = new ModelInferRequest.Types.InferInputTensor
            {
                Name = "TEXT",
                Datatype = "BYTES",
                Shape = { 10 },
                Contents = new InferTensorContents { BytesContents = { Enumerable.Repeat(text, 10) } },
            };
            await writer.WriteAsync(new ModelInferRequest { ModelName = "demo", Inputs = { input } }, Cancel);
        }

        await writer.CompleteAsync();
    }

    private static async Task SendAsync(IClientStreamWriter<PredictStreamRequest> writer, int count)
    {
        var padding = new string(' ', 2000); // 10 MB in all: more than any flow control window
        for (var i = 0; i < count; i++)
        {
            await writer.WriteAsync(new PredictStreamRequest { Request = new PredictRequest { Text = $"text {i}{padding}" } }, Cancel);
        }

        await writer.CompleteAsync();
    }
}
