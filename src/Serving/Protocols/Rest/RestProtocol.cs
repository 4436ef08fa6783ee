using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Http;
using LoraOnnx.Serving.Transports.Http.Document;
using Microsoft.AspNetCore.Mvc;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>The calls of lora_onnx.v1 as REST/JSON on the HTTP port, with an OpenAPI document at /openapi/v1.json.</summary>
internal sealed class RestProtocol : IProtocol
{
    private const string Json = "application/json";

    public void AddServices(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict; // a number is a number, in the document, too
        });
        services.AddOpenApi(ApiDocument.Describe);
    }

    public void Map(WebApplication application)
    {
        application.MapOpenApi().RequireAuthorization(Access.User);
        application.MapOpenApi("/openapi.json").RequireAuthorization(Access.User); // where tools look, too
        var v1 = HttpApi.Group(application, "/v1", "lora_onnx.v1").RequireAuthorization(Access.User);
        v1.MapPost("/predict", PredictAsync).Accepts<PredictBody>(Json).Produces<PredictAnswer>().ProducesCallErrors()
            .WithMetadata(RestExamples.Predict).WithSummary("Classifies one text.");
        v1.MapPost("/predict_batch", PredictBatchAsync).Accepts<PredictBatchBody>(Json).Produces<PredictBatchAnswer>().ProducesCallErrors()
            .WithMetadata(RestExamples.PredictBatch).WithSummary("Classifies many texts; a text that is wrong has an error in its place.");
        v1.MapPost("/tokenize", TokenizeAsync).Accepts<TokenizeBody>(Json).Produces<TokenizeAnswer>().ProducesCallErrors()
            .WithMetadata(RestExamples.Tokenize).WithSummary("Shows a text as the model reads it.");
        v1.MapPost("/explain", ExplainAsync).Accepts<ExplainBody>(Json).Produces<ExplainAnswer>().ProducesCallErrors()
            .WithMetadata(RestExamples.Explain).WithSummary("Says what each word of a text adds to the logit of a class.");
        v1.MapGet("/models", (ModelCatalog catalog) => TypedResults.Ok(RestTranslation.Answer(catalog.Visible)))
            .WithMetadata(RestExamples.Models).WithSummary("Lists the models that can be named.");
        MapHealth(application);
    }

    private static void MapHealth(WebApplication application)
    {
        var health = HttpApi.Group(application, "/health", "health").WithMetadata(new ProbeAttribute());
        foreach (var path in (string[])["", "/ready"])
        {
            health.MapGet(path, (ServerReadiness readiness) => HttpApi.ReadyResult(readiness.IsReady))
                .WithSummary("200 while the server takes calls, 503 otherwise.");
        }

        health.MapGet("/live", () => TypedResults.Ok()).WithSummary("200 while the process runs.");
    }

    private static async Task<IResult> PredictAsync(
        [FromHeader(Name = RequestTimeout.Header), Description(RequestTimeout.Description)] string? timeout, HttpContext context, PredictCalls calls,
            TimeProvider time)
    {
        var (request, wrong) = await RestRequest.ReadAsync(context, timeout, time, calls.MostTexts);
        if (request?.Text is not { } input)
        {
            return HttpErrors.Result(wrong ?? CallError.Invalid("text", "is missing, expected a text."));
        }

        if (request.Models.Count > 0)
        {
            var (together, refused) = await calls.PredictTogetherAsync(request.Call, request.Models, input, context.RequestAborted);
            return together is null
                ? HttpErrors.Result(refused!) // one of the two is set
                : TypedResults.Ok(new TogetherAnswer([.. together.Select(each => RestTranslation.Answer(each, request.IncludeLogits))]));
        }

        var (prediction, error) = await calls.PredictAsync(request.Call, input, context.RequestAborted);
        // One of the two is set.
        return prediction is null ? HttpErrors.Result(error!) : TypedResults.Ok(RestTranslation.Answer(prediction, request.IncludeLogits));
    }

    private static async Task<IResult> PredictBatchAsync(
        [FromHeader(Name = RequestTimeout.Header), Description(RequestTimeout.Description)] string? timeout, HttpContext context, PredictCalls calls,
            TimeProvider time)
    {
        var (request, wrong) = await RestRequest.ReadAsync(context, timeout, time, calls.MostTexts);
        if (request?.Texts is not { } inputs)
        {
            return HttpErrors.Result(wrong ?? CallError.Invalid("texts", "is missing, expected a list of texts."));
        }

        if (CallChecks.OneModel(request.Models.Count, "models") is { } several)
        {
            return HttpErrors.Result(several);
        }

        var (results, error) = await calls.PredictAllAsync(request.Call, inputs, "texts", context.RequestAborted);
        return results is null
            ? HttpErrors.Result(error!) // one of the two is set
            : TypedResults.Ok(new PredictBatchAnswer([.. results.Select(result => RestTranslation.Item(result, request.IncludeLogits))]));
    }

    private static async Task<IResult> TokenizeAsync(HttpContext context, TokenizeCalls calls, TimeProvider time)
    {
        var (request, wrong) = await RestRequest.ReadAsync(context, timeout: null, time, mostTexts: 1);
        if (request?.Text is not { } input)
        {
            return HttpErrors.Result(wrong ?? CallError.Invalid("text", "is missing, expected a text."));
        }

        if (CallChecks.OneModel(request.Models.Count, "models") is { } several)
        {
            return HttpErrors.Result(several);
        }

        var (shown, error) = await calls.TokenizeAsync(request.Call, input, request.MaxTokens, request.Unit, context.RequestAborted);
        return shown is null ? HttpErrors.Result(error!) : TypedResults.Ok(RestTranslation.Answer(shown)); // one of the two is set
    }

    private static async Task<IResult> ExplainAsync(
        [FromHeader(Name = RequestTimeout.Header), Description(RequestTimeout.Description)] string? timeout, HttpContext context, ExplainCalls calls,
            TimeProvider time)
    {
        var (request, wrong) = await RestRequest.ReadAsync(context, timeout, time, mostTexts: 1);
        if (request?.Text is not { } input)
        {
            return HttpErrors.Result(wrong ?? CallError.Invalid("text", "is missing, expected a text."));
        }

        if (CallChecks.OneModel(request.Models.Count, "models") is { } several)
        {
            return HttpErrors.Result(several);
        }

        var (explained, error) = await calls.ExplainAsync(request.Call, input, request.Label, request.Unit, context.RequestAborted);
        return explained is null ? HttpErrors.Result(error!) : TypedResults.Ok(RestTranslation.Answer(explained)); // one of the two is set
    }
}
