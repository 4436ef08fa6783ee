using System.Globalization;
using Grpc.Core;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Grpc;
using Microsoft.AspNetCore.Authorization;
using TextEmbeddingsInference;
using Metadata = TextEmbeddingsInference.Metadata;
using Prediction = LoraOnnx.Serving.Calls.Prediction;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>
/// tei.v1.Predict, as text-embeddings-inference answers it: labels by falling score, a too long text refused unless <c>truncate</c> is set.
/// </summary>
[Authorize(Access.User)]
internal sealed class TeiPredictService(PredictCalls calls, ServerState state, TimeProvider time) : Predict.PredictBase
{
    private const string Field = "inputs";

    private static readonly CallError _pairs = new(
        ErrorKind.Unimplemented, "inputs: the models of this server classify single texts, not pairs.", Field);

    public override async Task<PredictResponse> Predict(PredictRequest request, ServerCallContext context)
    {
        var call = Call(request, context).OrThrow();
        return Response(request, (await calls.PredictAsync(call, new CallInput(Field, request.Inputs), context.CancellationToken)).OrThrow());
    }

    public override Task PredictStream(
        IAsyncStreamReader<PredictRequest> requestStream, IServerStreamWriter<PredictResponse> responseStream, ServerCallContext context) =>
        new OrderedStream<PredictRequest, PredictResponse>(requestStream, responseStream, context, StreamWindow.Texts, state.Stopping).RunAsync(
            async (first, cancellationToken) => Call(first, context) is { Value: { } call }
                ? await calls.RefuseStreamAsync(call, new CallInput(Field, first.Inputs), cancellationToken)
                : Call(first, context).Error,
            async (item, cancellationToken) => AnswerAsync(item, Call(item, context) is { Value: { } call }
                ? await calls.StartStreamedAsync(call, new CallInput(Field, item.Inputs), "model", cancellationToken)
                : Task.FromResult<CallResult<Prediction>>(Call(item, context).Error!))); // one of the two is set

    public override Task<PredictResponse> PredictPair(PredictPairRequest request, ServerCallContext context) => throw _pairs.ToRpcException();

    public override Task PredictPairStream(
        IAsyncStreamReader<PredictPairRequest> requestStream, IServerStreamWriter<PredictResponse> responseStream, ServerCallContext context) =>
        throw _pairs.ToRpcException();

    /// <summary>The contract has no place for the error of one text: it ends the stream, as upstream.</summary>
    private static async Task<PredictResponse> AnswerAsync(PredictRequest request, Task<CallResult<Prediction>> answer) =>
        Response(request, (await answer).OrThrow());

    private CallResult<PredictCall> Call(PredictRequest request, ServerCallContext context)
    {
        Truncation? kept = request.TruncationDirection switch
        {
            TruncationDirection.Right => Truncation.Head,
            TruncationDirection.Left =>
            Truncation.Tail,
            _ => null
        };
        var (call, error) = TeiTranslation.Call(request.Truncate, kept);
        return TeiTranslation.Empty(Field, request.Inputs.Length) is { } empty ? empty
            : call is not null ? call with { Caller = context.Caller(), ExpiresAt = context.ExpiresAt(time) }
            : CallError.Invalid(error!.Field,
                string.Create(CultureInfo.InvariantCulture, $"{(int)request.TruncationDirection} is not a value that this server knows."));
    }

    private static PredictResponse Response(PredictRequest request, Prediction prediction)
    {
        var classification = prediction.Classification;
        return new PredictResponse
        {
            Predictions =
            {
                TeiLabel.Of(prediction, request.RawScores)
                    .Select(label => new TextEmbeddingsInference.Prediction { Label = label.Label, Score = label.Score }),
            },
            Metadata = new Metadata
            {
                ComputeChars = (uint)request.Inputs.EnumerateRunes().Count(),
                ComputeTokens = (uint)classification.Tokens,
                TotalTimeNs = Nanoseconds(classification.Total),
                TokenizationTimeNs = Nanoseconds(classification.Tokenize),
                QueueTimeNs = Nanoseconds(classification.Queue),
                InferenceTimeNs = Nanoseconds(classification.Infer),
            },
        };
    }

    private static ulong Nanoseconds(TimeSpan time) => (ulong)Math.Max(0, time.TotalNanoseconds);
}
