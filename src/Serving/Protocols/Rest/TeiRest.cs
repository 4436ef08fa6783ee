using System.ComponentModel;
using System.Text.Json;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.Serving.Protocols.Tei;
using LoraOnnx.Serving.Security;
using Microsoft.AspNetCore.Mvc;
using TextEmbeddingsInference;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>The REST paths of text-embeddings-inference: /predict, /tokenize and /info.</summary>
internal static class TeiRest
{
    /// <summary>A body of /predict: <c>inputs</c> is a text, or a batch <c>[["text"], ["text"]]</c>.</summary>
    internal sealed record PredictInputs(JsonElement Inputs, bool Truncate = false, bool RawScores = false, string TruncationDirection = "right");

    /// <summary>A body of /tokenize: <c>inputs</c> is a text or a list of texts.</summary>
    internal sealed record TokenizeInputs(JsonElement Inputs, bool AddSpecialTokens = true);

    /// <summary>A label and its score.</summary>
    internal sealed record Prediction(float Score, string Label);

    /// <summary>A token, with offsets in UTF-8 bytes where it stands in the text.</summary>
    internal sealed record SimpleToken(uint Id, string Text, bool Special, uint? Start, uint? Stop);

    /// <summary>What is served.</summary>
    internal sealed record Information(
        string ModelId, string ModelSha, string ModelDtype, uint MaxConcurrentRequests, uint MaxInputLength, uint MaxBatchTokens, uint MaxClientBatchSize, uint TokenizationWorkers, string Version);

    public static void Map(RouteGroupBuilder api)
    {
        var tei = api.MapGroup("").WithTags("text-embeddings-inference").RequireAuthorization(Access.User);
        tei.MapPost("/predict", PredictAsync).WithSummary("Classifies a text, or a batch of texts as [[\"text\"], ...]; labels by falling score.").Produces<Prediction[]>();
        tei.MapPost("/tokenize", TokenizeAsync).WithSummary("Tokenises a text or texts.").Produces<SimpleToken[][]>();
        tei.MapGet("/info", async (TeiInfoService info, CancellationToken cancellationToken) => Describe(await info.DescribeAsync(cancellationToken)))
            .WithSummary("Says what is served.");
    }

    private static async Task<IResult> PredictAsync(
        PredictInputs body, [FromHeader(Name = RestDeadline.Header), Description(RestDeadline.Description)] string? timeout, SentimentCalls calls, CancellationToken cancellationToken)
    {
        using var deadline = new RestDeadline(timeout, cancellationToken);
        var (texts, isBatch) = TextsOf(body.Inputs);
        var requests = texts.Select(text => new PredictRequest
        {
            Inputs = text,
            Truncate = body.Truncate,
            RawScores = body.RawScores,
            TruncationDirection = body.TruncationDirection.ToUpperInvariant() switch
            {
                "RIGHT" => TruncationDirection.Right,
                "LEFT" => TruncationDirection.Left,
                _ => throw CallError.Invalid("truncation_direction", "expected right or left.").ToRpcException(),
            },
        }).ToArray();
        if (!isBatch)
        {
            return TypedResults.Ok(Predictions(requests[0], await calls.PredictAsync(TeiTranslation.Request(requests[0]), deadline.At, "inputs", deadline.Token)));
        }

        var batch = new V1.PredictBatchRequest { Texts = { texts }, IncludeLogits = body.RawScores, Truncation = TeiTranslation.Request(requests[0]).Truncation };
        var results = (await calls.PredictBatchAsync(batch, deadline.At, deadline.Token)).Results;
        return results.FirstOrDefault(result => result.Error is not null)?.Error is { } error
            ? RestErrors.Result(GrpcErrors.From(error))
            : TypedResults.Ok(results.Select((result, index) => Predictions(requests[index], result.Prediction)));
    }

    private static async Task<IResult> TokenizeAsync(TokenizeInputs body, SentimentCalls calls, RequestChecks checks, CancellationToken cancellationToken)
    {
        string[] texts = body.Inputs.ValueKind == JsonValueKind.Array ? [.. body.Inputs.EnumerateArray().Select(TextOf)] : [TextOf(body.Inputs)];
        if ((checks.BatchError(texts.Length, "inputs") ?? texts.Select(text => checks.TextError(text, "inputs")).FirstOrDefault(error => error is not null)) is { } wrong)
        {
            return RestErrors.Result(wrong);
        }

        using var lease = await calls.AcquireAsync("", "", cancellationToken);
        return TypedResults.Ok(texts.Select(text => TeiTranslation.Tokens(new EncodeRequest { Inputs = text, AddSpecialTokens = body.AddSpecialTokens }, lease.Model)
            .Tokens.Select(token => new SimpleToken(token.Id, token.Text, token.Special, token.HasStart ? token.Start : null, token.HasStop ? token.Stop : null)).ToArray()).ToArray());
    }

    private static Prediction[] Predictions(PredictRequest request, V1.PredictResponse answer) =>
        [.. TeiTranslation.Response(request, answer).Predictions.Select(prediction => new Prediction(prediction.Score, prediction.Label))];

    private static Information Describe(InfoResponse info) => new(
        info.ModelId, info.ModelSha, info.ModelDtype, info.MaxConcurrentRequests, info.MaxInputLength, info.MaxBatchTokens, info.MaxClientBatchSize, info.TokenizationWorkers, info.Version);

    /// <summary>As upstream reads them: "a" and ["a"] are one text, [["a"], ["b"]] are a batch, ["a", "b"] and [["a", "b"]] hold pairs.</summary>
    private static (string[] Texts, bool IsBatch) TextsOf(JsonElement inputs) => inputs.ValueKind switch
    {
        JsonValueKind.Array when inputs.GetArrayLength() > 0 && inputs[0].ValueKind == JsonValueKind.Array => ([.. inputs.EnumerateArray().Select(SingleOf)], true),
        JsonValueKind.Array => ([SingleOf(inputs)], false),
        _ => ([TextOf(inputs)], false),
    };

    private static string SingleOf(JsonElement sequence) => sequence.ValueKind == JsonValueKind.Array && sequence.GetArrayLength() == 1
        ? TextOf(sequence[0])
        : throw CallError.Invalid("inputs", "the models of this server classify single texts, not pairs; a batch is [[\"text\"], [\"text\"]].").ToRpcException();

    private static string TextOf(JsonElement text) => text.ValueKind == JsonValueKind.String
        ? text.GetString()! // a string, as the line above says
        : throw CallError.Invalid("inputs", "expected a text.").ToRpcException();
}
