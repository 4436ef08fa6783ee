using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Grpc;
using LoraOnnx.V1;
using Microsoft.AspNetCore.Authorization;

namespace LoraOnnx.Serving.Protocols.Grpc;

/// <summary>lora_onnx.v1.Sentiment over gRPC.</summary>
[Authorize(Access.User)]
internal sealed class SentimentService(
    PredictCalls predict, TokenizeCalls tokenize, ExplainCalls explain, ModelCatalog catalog, ServerState state, TimeProvider time)
    : Sentiment.SentimentBase
{
    private const string StreamPrefix = "request.";

    public override async Task<PredictResponse> Predict(PredictRequest request, ServerCallContext context)
    {
        var call = Call(request, context, "").OrThrow();
        if (request.Models.Count > 0)
        {
            var together = await predict.PredictTogetherAsync(call, request.Models, new CallInput("text", request.Text), context.CancellationToken);
            return new PredictResponse { Predictions = { together.OrThrow().Select(each => GrpcTranslation.Response(each, request.IncludeLogits)) } };
        }

        var prediction = (await predict.PredictAsync(call, new CallInput("text", request.Text), context.CancellationToken)).OrThrow();
        return GrpcTranslation.Response(prediction, request.IncludeLogits);
    }

    public override async Task<PredictBatchResponse> PredictBatch(PredictBatchRequest request, ServerCallContext context)
    {
        var call = GrpcTranslation.Call(request.Model, request.ModelVersion, request.Truncation, "truncation").OrThrow();
        var inputs = request.Texts.Select((text, index) => new CallInput($"texts[{index}]", text)).ToArray();
        var results = (await predict.PredictAllAsync(With(call, context), inputs, "texts", context.CancellationToken)).OrThrow();
        return new PredictBatchResponse { Results = { results.Select(result => GrpcTranslation.Item(result, request.IncludeLogits)) } };
    }

    public override async Task<TokenizeResponse> Tokenize(TokenizeRequest request, ServerCallContext context)
    {
        var call = GrpcTranslation.Call(request.Model, request.ModelVersion, request.Truncation, "truncation").OrThrow();
        var unit = GrpcTranslation.Unit(request.OffsetUnit);
        var shown = (
            await tokenize.TokenizeAsync(call, new CallInput("text", request.Text), request.MaxTokens, unit, context.CancellationToken)).OrThrow();
        return GrpcTranslation.Response(shown, request.OffsetUnit == OffsetUnit.Unspecified ? OffsetUnit.CodePoints : request.OffsetUnit);
    }

    public override async Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context)
    {
        var call = GrpcTranslation.Call(request.Model, request.ModelVersion, request.Truncation, "truncation").OrThrow();
        var unit = GrpcTranslation.Unit(request.OffsetUnit);
        var explained = (await explain.ExplainAsync(
            With(call, context), new CallInput("text", request.Text), request.Label, unit, context.CancellationToken)).OrThrow();
        return GrpcTranslation.Response(explained, request.OffsetUnit == OffsetUnit.Unspecified ? OffsetUnit.CodePoints : request.OffsetUnit);
    }

    public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        var models = catalog.Visible;
        return Task.FromResult(new ListModelsResponse
        {
            Models = { models.Select(entry => GrpcTranslation.Summary(entry.Model, entry.Loaded, entry.Model.Name == models[0].Model.Name)) },
        });
    }

    public override Task PredictStream(
        IAsyncStreamReader<PredictStreamRequest> requestStream, IServerStreamWriter<PredictStreamResponse> responseStream,
            ServerCallContext context) =>
        new OrderedStream<PredictStreamRequest,
            PredictStreamResponse>(requestStream, responseStream, context, StreamWindow.Texts, state.Stopping).RunAsync(
            async (first, cancellationToken) => Call(RequestOf(first), context, StreamPrefix).Value is { } call
                ? await predict.RefuseStreamAsync(call, InputOf(first), cancellationToken)
                : null, // said in its place
            (item, cancellationToken) => StartAsync(item, context, cancellationToken));

    private async ValueTask<Task<PredictStreamResponse>> StartAsync(
        PredictStreamRequest item, ServerCallContext context, CancellationToken cancellationToken)
    {
        var (call, error) = Call(RequestOf(item), context, StreamPrefix);
        var answer = call is null
            ? Task.FromResult<CallResult<Prediction>>(error!) // one of the two is set
            : await predict.StartStreamedAsync(call, InputOf(item), StreamPrefix + "model", cancellationToken);
        return AnswerAsync(item.Id, answer, RequestOf(item).IncludeLogits);
    }

    private static async Task<PredictStreamResponse> AnswerAsync(string id, Task<CallResult<Prediction>> answer, bool includeLogits) =>
        new() { Id = id, Result = GrpcTranslation.Item(await answer, includeLogits) };

    private static PredictRequest RequestOf(PredictStreamRequest item) => item.Request ?? new PredictRequest();

    private static CallInput InputOf(PredictStreamRequest item) => new(StreamPrefix + "text", RequestOf(item).Text);

    private CallResult<PredictCall> Call(PredictRequest request, ServerCallContext context, string prefix)
    {
        var (call, error) = GrpcTranslation.Call(request.Model, request.ModelVersion, request.Truncation, prefix + "truncation");
        if (prefix.Length > 0 && CallChecks.OneModel(request.Models.Count, prefix + "models") is { } several)
        {
            return several;
        }

        return call is null ? error! : With(call, context); // one of the two is set
    }

    private PredictCall With(PredictCall call, ServerCallContext context) =>
        call with { Caller = context.Caller(), ExpiresAt = context.ExpiresAt(time) };
}
