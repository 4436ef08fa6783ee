using System.ComponentModel;
using System.Text.Json;
using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.Serving.Protocols.KServe;
using LoraOnnx.Serving.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>The calls as REST/JSON on the HTTP port, over the same code as gRPC, with an OpenAPI document at /openapi/v1.json.</summary>
internal static class RestApi
{
    public static void AddServices(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
        });
        services.AddOpenApi(document => document.AddDocumentTransformer((openApi, _, _) =>
        {
            openApi.Info.Title = ServingSetup.ServerName;
            openApi.Info.Version = ToolVersion.Text;
            openApi.Info.Description = "Texts in, labels and scores out. Errors are problem details; 429 comes with Retry-After.";
            return Task.CompletedTask;
        }));
    }

    public static void Map(WebApplication application)
    {
        application.MapOpenApi().RequireAuthorization(Access.User);
        application.MapOpenApi("/openapi.json").RequireAuthorization(Access.User); // where tools look, too
        var api = application.MapGroup("").AddEndpointFilter(AnswerErrorsAsync);
        MapSentiment(api);
        MapHealth(api);
        TeiRest.Map(api);
        KServeRest.Map(api);
    }

    private static void MapSentiment(RouteGroupBuilder api)
    {
        var v1 = api.MapGroup("/v1").WithTags("lora_onnx.v1").RequireAuthorization(Access.User);
        v1.MapPost("/predict", PredictAsync).WithSummary("Classifies one text.");
        v1.MapPost("/predict_batch", PredictBatchAsync).WithSummary("Classifies many texts; a text that is wrong has an error in its place.");
        v1.MapPost("/tokenize", async (TokenizeBody body, SentimentCalls calls, CancellationToken cancellationToken) =>
                TypedResults.Ok(RestTranslation.Answer(await calls.TokenizeAsync(RestTranslation.Request(body), cancellationToken))))
            .WithSummary("Shows a text as the model reads it.");
        v1.MapGet("/models", (SentimentCalls calls) => TypedResults.Ok(RestTranslation.Answer(calls.ListModels())))
            .WithSummary("Lists the models that can be named.");
    }

    private static async Task<Ok<PredictAnswer>> PredictAsync(
        PredictBody body, [FromHeader(Name = RestDeadline.Header), Description(RestDeadline.Description)] string? timeout, SentimentCalls calls, CancellationToken cancellationToken)
    {
        using var deadline = new RestDeadline(timeout, cancellationToken);
        return TypedResults.Ok(RestTranslation.Answer(await calls.PredictAsync(RestTranslation.Request(body), deadline.At, "text", deadline.Token)));
    }

    private static async Task<Ok<PredictBatchAnswer>> PredictBatchAsync(
        PredictBatchBody body, [FromHeader(Name = RestDeadline.Header), Description(RestDeadline.Description)] string? timeout, SentimentCalls calls, CancellationToken cancellationToken)
    {
        using var deadline = new RestDeadline(timeout, cancellationToken);
        return TypedResults.Ok(RestTranslation.Answer(await calls.PredictBatchAsync(RestTranslation.Request(body), deadline.At, deadline.Token)));
    }

    private static void MapHealth(RouteGroupBuilder api)
    {
        var health = api.MapGroup("/health").WithTags("health").WithMetadata(new ProbeAttribute());
        foreach (var path in (string[])["", "/ready"])
        {
            health.MapGet(path, (KServeModels models) => KServeRest.ReadyResult(models.IsReady)).WithSummary("200 while the server takes calls, 503 otherwise.");
        }

        health.MapGet("/live", () => TypedResults.Ok()).WithSummary("200 while the process runs.");
    }

    /// <summary>The calls' errors are RpcExceptions in every protocol; here they become problem details.</summary>
    private static async ValueTask<object?> AnswerErrorsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (RpcException failure)
        {
            return RestErrors.Result(GrpcErrors.From(failure));
        }
        catch (BadHttpRequestException failure)
        {
            return TypedResults.Problem(failure.Message, statusCode: failure.StatusCode); // a body that is too long, or that breaks off
        }
        catch (OperationCanceledException) when (context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (OperationCanceledException)
        {
            return RestErrors.Result(new CallError(ErrorKind.DeadlineExceeded, "the deadline passed."));
        }
    }
}
