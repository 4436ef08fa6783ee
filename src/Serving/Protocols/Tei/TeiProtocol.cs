using System.ComponentModel;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Http;
using LoraOnnx.Serving.Transports.Http.Document;
using Microsoft.AspNetCore.Mvc;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>
/// The protocol of text-embeddings-inference, as gRPC (tei.v1) and as REST (/predict, /tokenize and /info); both speak to the default model.
/// </summary>
internal sealed class TeiProtocol : IProtocol
{
    private const string Json = "application/json";

    /// <summary>What <see cref="TeiErrors"/> answers with.</summary>
    private static readonly int[] _statuses =
    [
        StatusCodes.Status400BadRequest, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status422UnprocessableEntity,
        StatusCodes.Status424FailedDependency, StatusCodes.Status429TooManyRequests, StatusCodes.Status503ServiceUnavailable,
        StatusCodes.Status504GatewayTimeout,
    ];

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton<TeiDescription>();
        services.AddSingleton<TeiInfoService>();
        services.AddSingleton<TeiPredictService>();
        services.AddSingleton<TeiTokenizeService>();
    }

    public void Map(WebApplication application)
    {
        application.MapGrpcService<TeiInfoService>();
        application.MapGrpcService<TeiPredictService>();
        application.MapGrpcService<TeiTokenizeService>();
        var tei = HttpApi.Group(application, "", "text-embeddings-inference").RequireAuthorization(Access.User);
        tei.MapPost("/predict", PredictAsync).Accepts<TeiPredictInputs>(Json).Produces<TeiLabel[]>().ProducesProblems(_statuses)
            .WithMetadata(new ApiExample("""{ "inputs": "a good film" }""", """[{ "score": 0.97, "label": "POSITIVE" }]"""))
            .WithSummary("Classifies a text, or a batch of texts as [[\"text\"], ...]; labels by falling score.");
        tei.MapPost("/tokenize", TokenizeAsync).Accepts<TeiTokenizeInputs>(Json).Produces<TeiToken[][]>().ProducesProblems(_statuses)
            .WithMetadata(new ApiExample("""{ "inputs": ["a good film"] }""")).WithSummary("Tokenises a text or texts.");
        tei.MapGet("/info", InfoAsync).Produces<TeiInformation>().WithSummary("Says what is served.");
    }

    private static async Task<IResult> PredictAsync(
        [FromHeader(Name = RequestTimeout.Header), Description(RequestTimeout.Description)] string? timeout, HttpContext context, PredictCalls calls,
            TimeProvider time)
    {
        var (request, wrong) = await TeiRequest.ReadAsync(context, timeout, time, calls.MostTexts);
        if (request is null)
        {
            return TeiErrors.Result(wrong!); // one of the two is set
        }

        if (!request.IsBatch)
        {
            var (prediction, error) = await calls.PredictAsync(request.Call, request.Inputs[0], context.RequestAborted);
            // One of the two is set.
            return prediction is null ? TeiErrors.Result(error!) : TypedResults.Ok(TeiLabel.Of(prediction, request.RawScores));
        }

        var (results, refusal) = await calls.PredictAllAsync(request.Call, request.Inputs, "inputs", context.RequestAborted);
        var first = refusal ?? results!.Select(result => result.Error).FirstOrDefault(error => error is not null); // one of the two is set
        // No errors: values.
        return first is not null
            ? TeiErrors.Result(first)
            : TypedResults.Ok(results!.Select(result => TeiLabel.Of(result.Value!, request.RawScores)));
    }

    private static async Task<IResult> TokenizeAsync(HttpContext context, TokenizeCalls calls, PredictCalls limits, TimeProvider time)
    {
        var (request, wrong) = await TeiRequest.ReadAsync(context, timeout: null, time, limits.MostTexts, readLists: true);
        if (request is null)
        {
            return TeiErrors.Result(wrong!); // one of the two is set
        }

        var (shown, error) = await calls.TokenizeWholeAsync(request.Inputs, "inputs", context.RequestAborted);
        return shown is null
            ? TeiErrors.Result(error!) // one of the two is set
                                       // Shown, so a text.
            : TypedResults.Ok(shown.Select((text, index) => TeiToken.Of(text, request.Inputs[index].Text!, request.AddSpecialTokens)));
    }

    private static async Task<IResult> InfoAsync(TeiDescription description, CancellationToken cancellationToken)
    {
        var (information, error) = await description.ReadAsync(cancellationToken);
        return information is null ? TeiErrors.Result(error!) : TypedResults.Ok(information); // one of the two is set
    }
}
