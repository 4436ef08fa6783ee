using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.Serving.Security;
using Microsoft.AspNetCore.Authorization;
using TextEmbeddingsInference;
using Sentiment = LoraOnnx.V1;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>tei.v1.Predict, as text-embeddings-inference answers it: labels by falling score, a too long text refused unless <c>truncate</c> is set.</summary>
[Authorize(Access.User)]
internal sealed class TeiPredictService(SentimentCalls calls, ServerState state) : Predict.PredictBase
{
    private static readonly CallError _pairs = new(ErrorKind.Unimplemented, "inputs: the models of this server classify single texts, not pairs.", "inputs");

    public override async Task<PredictResponse> Predict(PredictRequest request, ServerCallContext context)
    {
        var answer = await calls.PredictAsync(TeiTranslation.Request(request), context.Deadline, "inputs", context.CancellationToken);
        return TeiTranslation.Response(request, answer);
    }

    public override Task PredictStream(IAsyncStreamReader<PredictRequest> requestStream, IServerStreamWriter<PredictResponse> responseStream, ServerCallContext context) =>
        OrderedStream.RunAsync(
            requestStream,
            responseStream,
            first => calls.CheckStreamAsync(TeiTranslation.Request(first), context.Deadline, context.CancellationToken),
            async (item, cancellationToken) =>
                AnswerAsync(item, await calls.StartStreamItemAsync(TeiTranslation.Request(item), context.Deadline, "inputs", cancellationToken)),
            state.Stopping,
            context.CancellationToken);

    public override Task<PredictResponse> PredictPair(PredictPairRequest request, ServerCallContext context) => throw _pairs.ToRpcException();

    public override Task PredictPairStream(IAsyncStreamReader<PredictPairRequest> requestStream, IServerStreamWriter<PredictResponse> responseStream, ServerCallContext context) =>
        throw _pairs.ToRpcException();

    /// <summary>The contract has no place for the error of one text: it ends the stream, as upstream.</summary>
    private static async Task<PredictResponse> AnswerAsync(PredictRequest request, Task<Sentiment.ItemResult> running)
    {
        var result = await running;
        return result.Prediction is { } prediction
            ? TeiTranslation.Response(request, prediction)
            : throw GrpcErrors.From(result.Error).ToRpcException();
    }
}
