using System.ComponentModel;
using System.Globalization;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Http;
using LoraOnnx.Serving.Transports.Http.Document;
using Microsoft.AspNetCore.Mvc;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>
/// KServe v2 with Triton's model repository, configuration and statistics, as gRPC (inference.GRPCInferenceService) and as REST (/v2).
/// </summary>
internal sealed class KServeProtocol : IProtocol
{
    private static readonly ApiExample _inferExample =
        new("""{ "inputs": [{ "name": "TEXT", "shape": [1], "datatype": "BYTES", "data": ["a good film"] }] }""", """
            {
              "model_name": "sentiment", "model_version": "1",
              "outputs": [
                { "name": "logits", "datatype": "FP32", "shape": [1, 2], "data": [-1.7, 1.7] },
                { "name": "scores", "datatype": "FP32", "shape": [1, 2], "data": [0.03, 0.97] },
                { "name": "label", "datatype": "BYTES", "shape": [1, 1], "data": ["POSITIVE"] }
              ]
            }
            """);

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton<InferCalls>();
        services.AddSingleton<KServeModels>();
        services.AddSingleton<KServeService>();
    }

    public void Map(WebApplication application)
    {
        application.MapGrpcService<KServeService>();
        var v2 = HttpApi.Group(application, "/v2", "KServe v2").RequireAuthorization(Access.User);
        v2.MapGet("", () => KServeJson.Result(KServeDescriptions.Server())).WithSummary("Says what this server is.");
        v2.MapGet("/health/live", () => TypedResults.Ok()).WithSummary("200 while the process runs.").WithMetadata(new ProbeAttribute());
        v2.MapGet("/health/ready", (ServerReadiness readiness) => HttpApi.ReadyResult(readiness.IsReady))
            .WithSummary("200 while the server takes calls.").WithMetadata(new ProbeAttribute());
        MapModel(v2.MapGroup("/models/{model}"));
        MapModel(v2.MapGroup("/models/{model}/versions/{version}"));
        v2.MapGet("/models/stats", (KServeModels models) => KServeJson.Result(models.Statistics("", "")))
            .WithSummary("What became of the calls of all models.");

        var repository = v2.MapGroup("/repository");
        repository.MapPost("/index", IndexAsync).WithSummary("Lists models that are or could be served; of {\"ready\": true} those that are.");
        repository.MapPost("/models/{model}/load", LoadAsync).WithSummary("Loads a model, or reads it again. Needs an admin key.")
            .RequireAuthorization(Access.Admin);
        repository.MapPost("/models/{model}/unload", UnloadAsync).WithSummary("Stops serving a model. Needs an admin key.")
            .RequireAuthorization(Access.Admin);
    }

    private static void MapModel(RouteGroupBuilder one)
    {
        one.MapGet("", async (string model, string? version, KServeModels models, CancellationToken cancellationToken) =>
            KServeJson.Result(await models.MetadataAsync(model, version ?? "", cancellationToken))).WithSummary("Inputs and outputs of a model.");
        one.MapGet("/ready", (string model, string? version, ServerReadiness readiness) =>
            HttpApi.ReadyResult(readiness.IsModelReady(model, version ?? "")))
            .WithSummary("200 while the model takes calls.").WithMetadata(new ProbeAttribute());
        one.MapGet("/config", async (string model, string? version, KServeModels models, CancellationToken cancellationToken) =>
            KServeJson.Result(await models.ConfigAsync(model, version ?? "", cancellationToken))).WithSummary(
                "A model's configuration, as Triton writes it.");
        one.MapGet("/stats", (string model, string? version, KServeModels models) => KServeJson.Result(models.Statistics(model, version ?? "")))
            .WithSummary("What became of a model's calls.");
        one.MapPost("/infer", InferAsync).WithSummary("Classifies texts (TEXT) or token ids (input_ids, attention_mask, token_type_ids).")
            .Accepts<object>("application/json", "*/*") // clients call the binary form what they like
            .Produces<object>(StatusCodes.Status200OK, "application/json", "application/octet-stream").ProducesCallErrors()
            .WithMetadata(_inferExample);
    }

    private static async Task<IResult> InferAsync(
        string model,
        string? version,
        [FromHeader(Name = RequestTimeout.Header), Description(RequestTimeout.Description)] string? timeout,
        HttpContext context,
        InferCalls calls,
        TimeProvider time)
    {
        var (expiresAt, late) = RequestTimeout.Read(timeout, time);
        if (late is not null)
        {
            return HttpErrors.Result(late);
        }

        var (body, unreadable) = await HttpBody.ReadAsync(context);
        if (body is null)
        {
            return HttpErrors.Result(unreadable!); // one of the two is set
        }

        using (body)
        {
            var (request, wrong) = KServeJson.ReadRequest(body.Bytes, context.Request.Headers[KServeJson.JsonLengthHeader], model, version ?? "",
                calls.MostElements);
            if (request is null)
            {
                return HttpErrors.Result(wrong!); // one of the two is set
            }

            var (response, error) = await calls.InferAsync(request, Access.NameOf(context.User), expiresAt, context.RequestAborted);
            if (response is null)
            {
                return HttpErrors.Result(error!); // one of the two is set
            }

            var (json, binary) = KServeJson.Write(response, request);
            if (binary.Length == 0)
            {
                return TypedResults.Bytes(json, "application/json");
            }

            context.Response.Headers[KServeJson.JsonLengthHeader] = json.Length.ToString(CultureInfo.InvariantCulture);
            return TypedResults.Bytes((byte[])[.. json, .. binary], "application/octet-stream");
        }
    }

    private static async Task<IResult> IndexAsync(HttpContext context, KServeModels models)
    {
        var (body, unreadable) = await HttpBody.ReadAsync(context);
        if (body is null)
        {
            return HttpErrors.Result(unreadable!); // one of the two is set
        }

        using (body)
        {
            var readyOnly = false;
            var error = body.Bytes.IsEmpty ? null : KServeJson.ReadReady(body.Bytes, out readyOnly);
            return error is null ? KServeJson.List(models.Index(readyOnly).Models) : HttpErrors.Result(error);
        }
    }

    private static async Task<IResult> LoadAsync(string model, HttpContext context, KServeModels models)
    {
        var (body, unreadable) = await HttpBody.ReadAsync(context);
        if (body is null)
        {
            return HttpErrors.Result(unreadable!); // one of the two is set
        }

        using (body)
        {
            string? parameter = null;
            var error = body.Bytes.IsEmpty ? null : KServeJson.ReadFirstParameter(body.Bytes, out parameter);
            error ??= await models.LoadAsync(model, parameter, context.RequestAborted);
            return error is null ? TypedResults.Ok() : HttpErrors.Result(error);
        }
    }

    private static async Task<IResult> UnloadAsync(string model, KServeModels models, CancellationToken cancellationToken) =>
        await models.UnloadAsync(model, cancellationToken) is { } error ? HttpErrors.Result(error) : TypedResults.Ok();
}
