using Grpc.Core;
using LoraOnnx.Serving.Security;
using LoraOnnx.V1;
using Microsoft.AspNetCore.Authorization;

namespace LoraOnnx.Serving.Protocols;

/// <summary>lora_onnx.v1.Sentiment over gRPC.</summary>
[Authorize(Access.User)]
internal sealed class SentimentService(SentimentCalls calls, ServerState state) : Sentiment.SentimentBase
{
    public override Task<PredictResponse> Predict(PredictRequest request, ServerCallContext context) =>
        calls.PredictAsync(request, context.Deadline, "text", context.CancellationToken);

    public override Task<PredictBatchResponse> PredictBatch(PredictBatchRequest request, ServerCallContext context) =>
        calls.PredictBatchAsync(request, context.Deadline, context.CancellationToken);

    public override Task<TokenizeResponse> Tokenize(TokenizeRequest request, ServerCallContext context) =>
        calls.TokenizeAsync(request, context.CancellationToken);

    public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context) =>
        Task.FromResult(calls.ListModels());

    public override Task PredictStream(
        IAsyncStreamReader<PredictStreamRequest> requestStream,
        IServerStreamWriter<PredictStreamResponse> responseStream,
        ServerCallContext context) =>
        OrderedStream.RunAsync(
            requestStream,
            responseStream,
            first => calls.CheckStreamAsync(first.Request ?? new PredictRequest(), context.Deadline, context.CancellationToken),
            async (item, cancellationToken) =>
                AnswerAsync(item.Id, await calls.StartStreamItemAsync(item.Request ?? new PredictRequest(), context.Deadline, "request.text", cancellationToken)),
            state.Stopping,
            context.CancellationToken);

    private static async Task<PredictStreamResponse> AnswerAsync(string id, Task<ItemResult> result) => new() { Id = id, Result = await result };
}
