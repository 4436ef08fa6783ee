using System.ComponentModel;
using System.Globalization;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.Serving.Protocols.KServe;
using LoraOnnx.Serving.Security;
using Microsoft.AspNetCore.Mvc;

namespace LoraOnnx.Serving.Protocols.Rest;

/// <summary>The REST paths of KServe v2 with Triton's model repository and statistics.</summary>
internal static class KServeRest
{
    /// <summary>Length of the JSON at the start of a body that goes on with raw tensors (Triton's binary tensor data extension).</summary>
    private const string JsonLengthHeader = "Inference-Header-Content-Length";

    public static void Map(RouteGroupBuilder api)
    {
        var v2 = api.MapGroup("/v2").WithTags("KServe v2").RequireAuthorization(Access.User);
        var probe = new ProbeAttribute();
        v2.MapGet("", () => KServeJson.Result(KServeDescriptions.Server())).WithSummary("Says what this server is.");
        v2.MapGet("/health/live", () => TypedResults.Ok()).WithSummary("200 while the process runs.").WithMetadata(probe);
        v2.MapGet("/health/ready", (KServeModels models) => ReadyResult(models.IsReady)).WithSummary("200 while the server takes calls.").WithMetadata(probe);
        MapModel(v2.MapGroup("/models/{model}"));
        MapModel(v2.MapGroup("/models/{model}/versions/{version}"));
        v2.MapGet("/models/stats", (KServeModels models) => KServeJson.Result(models.Statistics("", ""))).WithSummary("What became of the calls of all models.");

        var repository = v2.MapGroup("/repository");
        repository.MapPost("/index", (KServeModels models) => KServeJson.List(models.Index(readyOnly: false).Models)).WithSummary("Lists models that are or could be served.");
        repository.MapPost("/models/{model}/load", async (string model, HttpRequest request, KServeModels models, CancellationToken cancellationToken) =>
        {
            await models.LoadAsync(model, KServeJson.ReadParameterNames(await ReadBodyAsync(request, cancellationToken)), cancellationToken);
            return TypedResults.Ok();
        }).WithSummary("Loads a model, or reads it again. Needs an admin key.").RequireAuthorization(Access.Admin);
        repository.MapPost("/models/{model}/unload", async (string model, KServeModels models, CancellationToken cancellationToken) =>
        {
            await models.UnloadAsync(model, cancellationToken);
            return TypedResults.Ok();
        }).WithSummary("Stops serving a model. Needs an admin key.").RequireAuthorization(Access.Admin);
    }

    private static void MapModel(RouteGroupBuilder one)
    {
        one.MapGet("", async (string model, string? version, KServeModels models, CancellationToken cancellationToken) =>
            KServeJson.Result(await models.MetadataAsync(model, version ?? "", cancellationToken))).WithSummary("Inputs and outputs of a model.");
        one.MapGet("/ready", (string model, string? version, KServeModels models) => ReadyResult(models.IsModelReady(model, version ?? "")))
            .WithSummary("200 while the model takes calls.").WithMetadata(new ProbeAttribute());
        one.MapGet("/config", async (string model, string? version, KServeModels models, CancellationToken cancellationToken) =>
            KServeJson.Result((await models.ConfigAsync(model, version ?? "", cancellationToken)).Config)).WithSummary("A model's configuration, as Triton writes it.");
        one.MapGet("/stats", (string model, string? version, KServeModels models) => KServeJson.Result(models.Statistics(model, version ?? ""))).WithSummary("What became of a model's calls.");
        one.MapPost("/infer", InferAsync).WithSummary("Classifies texts (TEXT) or token ids (input_ids, attention_mask).").Accepts<object>("application/json", "*/*"); // clients call the binary form what they like
    }

    private static async Task<IResult> InferAsync(
        string model,
        string? version,
        [FromHeader(Name = RestDeadline.Header), Description(RestDeadline.Description)] string? timeout,
        HttpContext context,
        KServeCalls calls,
        CancellationToken cancellationToken)
    {
        using var deadline = new RestDeadline(timeout, cancellationToken);
        var bytes = await ReadBodyAsync(context.Request, cancellationToken);
        var jsonLength = context.Request.Headers.TryGetValue(JsonLengthHeader, out var header)
            ? int.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length <= bytes.Length ? length
                : throw CallError.Invalid(JsonLengthHeader, $"is '{header}', expected at most the {bytes.Length} bytes of the body.").ToRpcException()
            : bytes.Length;
        var request = KServeJson.ReadRequest(bytes[..jsonLength], bytes[jsonLength..]);
        (request.Message.ModelName, request.Message.ModelVersion) = (model, version ?? "");
        var response = await calls.InferAsync(request.Message, deadline.At, deadline.Token);
        var (json, binary) = KServeJson.WriteResponse(response, request);
        if (binary.Length == 0)
        {
            return TypedResults.Bytes(json, "application/json");
        }

        context.Response.Headers[JsonLengthHeader] = json.Length.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Bytes((byte[])[.. json, .. binary], "application/octet-stream");
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    /// <summary>200 or 503.</summary>
    public static IResult ReadyResult(bool ready) => ready ? TypedResults.Ok() : TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
}
