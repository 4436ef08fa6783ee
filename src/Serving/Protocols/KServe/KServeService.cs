using Grpc.Core;
using LoraOnnx.Serving.Security;
using Microsoft.AspNetCore.Authorization;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>inference.GRPCInferenceService: KServe v2 with Triton's model repository, configuration and statistics. Shared memory, trace and log settings are UNIMPLEMENTED.</summary>
[Authorize(Access.User)]
internal sealed class KServeService(KServeCalls calls, KServeModels models, ServerState state) : GRPCInferenceService.GRPCInferenceServiceBase
{
    [Probe]
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) => Task.FromResult(new ServerLiveResponse { Live = true });

    [Probe]
    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) => Task.FromResult(new ServerReadyResponse { Ready = models.IsReady });

    [Probe]
    public override Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ModelReadyResponse { Ready = models.IsModelReady(request.Name, request.Version) });

    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) => Task.FromResult(KServeDescriptions.Server());

    public override Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context) =>
        models.MetadataAsync(request.Name, request.Version, context.CancellationToken);

    public override Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context) =>
        models.ConfigAsync(request.Name, request.Version, context.CancellationToken);

    public override Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context) =>
        Task.FromResult(models.Statistics(request.Name, request.Version));

    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context) =>
        calls.InferAsync(request, context.Deadline, context.CancellationToken);

    public override Task ModelStreamInfer(IAsyncStreamReader<ModelInferRequest> requestStream, IServerStreamWriter<ModelStreamInferResponse> responseStream, ServerCallContext context) =>
        OrderedStream.RunAsync(
            requestStream,
            responseStream,
            _ => Task.CompletedTask,
            (request, cancellationToken) => Task.FromResult(AnswerAsync(request, context.Deadline, cancellationToken)),
            state.Stopping,
            context.CancellationToken);

    public override Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context) => Task.FromResult(models.Index(request.Ready));

    [Authorize(Access.Admin)]
    public override async Task<RepositoryModelLoadResponse> RepositoryModelLoad(RepositoryModelLoadRequest request, ServerCallContext context)
    {
        await models.LoadAsync(request.ModelName, request.Parameters.Keys, context.CancellationToken);
        return new RepositoryModelLoadResponse();
    }

    [Authorize(Access.Admin)]
    public override async Task<RepositoryModelUnloadResponse> RepositoryModelUnload(RepositoryModelUnloadRequest request, ServerCallContext context)
    {
        await models.UnloadAsync(request.ModelName, context.CancellationToken);
        return new RepositoryModelUnloadResponse();
    }

    /// <summary>An error has its place in the answer; the stream goes on after it.</summary>
    private async Task<ModelStreamInferResponse> AnswerAsync(ModelInferRequest request, DateTime deadline, CancellationToken cancellationToken)
    {
        try
        {
            return new ModelStreamInferResponse { InferResponse = await calls.InferAsync(request, deadline, cancellationToken) };
        }
        catch (RpcException failure)
        {
            return new ModelStreamInferResponse { ErrorMessage = failure.Status.Detail, InferResponse = new ModelInferResponse { Id = request.Id } };
        }
    }
}
