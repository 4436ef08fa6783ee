using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Grpc;
using LoraOnnx.V1;
using Microsoft.AspNetCore.Authorization;

namespace LoraOnnx.Serving.Protocols.Grpc;

/// <summary>lora_onnx.v1.Admin over gRPC. Who may call it is decided before it is reached.</summary>
[Authorize(Access.Admin)]
internal sealed class AdminService(ModelChanges changes, ModelCatalog catalog) : Admin.AdminBase
{
    public override async Task<LoadModelResponse> LoadModel(LoadModelRequest request, ServerCallContext context)
    {
        var change = (await changes.LoadAsync(
            request.Name, request.Version, request.Path, request.Base, request.HasWeight ? request.Weight : null,
                context.CancellationToken)).OrThrow();
        return new LoadModelResponse { Model = Summary(change.Model) };
    }

    public override async Task<SwapModelResponse> SwapModel(SwapModelRequest request, ServerCallContext context)
    {
        var change = (await changes.SwapAsync(request.Name, request.Version, request.Path, context.CancellationToken)).OrThrow();
        return new SwapModelResponse { Model = Summary(change.Model), ReplacedVersion = change.Replaced };
    }

    public override async Task<UnloadModelResponse> UnloadModel(UnloadModelRequest request, ServerCallContext context) =>
        await changes.UnloadAsync(request.Name, request.Version, context.CancellationToken) is { } error
            ? throw error.ToRpcException()
            : new UnloadModelResponse();

    private ModelSummary Summary(ServedModel model) =>
        GrpcTranslation.Summary(model, loaded: true, catalog.Models is [var first, ..] && first.Model.Name == model.Name);
}
