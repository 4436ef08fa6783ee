using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Protocols.Grpc;
using LoraOnnx.Serving.Security;
using LoraOnnx.V1;
using Microsoft.AspNetCore.Authorization;

namespace LoraOnnx.Serving.Protocols;

/// <summary>lora_onnx.v1.Admin over gRPC. Who may call it is decided before it is reached.</summary>
[Authorize(Access.Admin)]
internal sealed class AdminService(ModelCatalog catalog, ModelRepository repository, ILogger<AdminService> logger) : Admin.AdminBase
{
    public override async Task<LoadModelResponse> LoadModel(LoadModelRequest request, ServerCallContext context)
    {
        RequireName(request.Name, "name");
        RequireVersion(request.Version);
        var path = request.Path.Length > 0 ? request.Path : repository.PathOf(request.Name) ?? throw CallError.Invalid("path",
            "is empty, and there is no such folder in the --models directory.").ToRpcException();
        var model = await AnswerAsync(request.Name, logger, () => catalog.LoadAsync(new ModelSource(request.Name, request.Version, path), context.CancellationToken));
        return new LoadModelResponse { Model = Summary(model) };
    }

    public override async Task<SwapModelResponse> SwapModel(SwapModelRequest request, ServerCallContext context)
    {
        RequireName(request.Name, "name");
        RequireVersion(request.Version);
        var (model, replaced) = await AnswerAsync(request.Name, logger, () =>
            catalog.SwapAsync(request.Name, "", request.Path.Length > 0 ? request.Path : null, request.Version, context.CancellationToken));
        return new SwapModelResponse { Model = Summary(model), ReplacedVersion = replaced };
    }

    public override async Task<UnloadModelResponse> UnloadModel(UnloadModelRequest request, ServerCallContext context)
    {
        RequireName(request.Name, "name");
        RequireVersion(request.Version);
        await AnswerAsync(request.Name, logger, async () =>
        {
            await catalog.UnloadAsync(request.Name, request.Version, context.CancellationToken);
            return true;
        });
        return new UnloadModelResponse();
    }

    /// <summary>Turns the catalog's exceptions into statuses; files that cannot be used are logged, too.</summary>
    public static async Task<T> AnswerAsync<T>(string model, ILogger logger, Func<Task<T>> change)
    {
        try
        {
            return await change();
        }
        catch (ModelNotFoundException missing)
        {
            throw new CallError(ErrorKind.NotFound, missing.Message, "name").ToRpcException();
        }
        catch (ModelExistsException exists)
        {
            throw new CallError(ErrorKind.AlreadyExists, exists.Message, "name").ToRpcException();
        }
        catch (InputException failure)
        {
            ServingLog.LoadFailed(logger, model, failure.Message);
            throw new CallError(ErrorKind.FailedPrecondition, failure.Message, "path").ToRpcException();
        }
    }

    private ModelSummary Summary(ServedModel model) => SentimentCalls.Summary(model, loaded: true, catalog.Models[0].Model.Name == model.Name);

    private static void RequireVersion(string version)
    {
        if (version.Length > 0)
        {
            RequireName(version, "version");
        }
    }

    private static void RequireName(string name, string field)
    {
        if (!ModelSource.IsName(name))
        {
            throw CallError.Invalid(field, $"expected letters, digits, '-', '_' and '.', at most {ModelSource.LongestName}.").ToRpcException();
        }
    }
}
