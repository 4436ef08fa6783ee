using Grpc.Core;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Grpc;
using Microsoft.AspNetCore.Authorization;
using TritonInference;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>
/// inference.GRPCInferenceService: KServe v2 with Triton's model repository, configuration and statistics. Shared memory, trace and log settings are
/// UNIMPLEMENTED.
/// </summary>
[Authorize(Access.User)]
internal sealed class KServeService(InferCalls calls, KServeModels models, ServerReadiness readiness, ServerState state, TimeProvider time)
    : GRPCInferenceService.GRPCInferenceServiceBase
{
    [Probe]
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = true });

    [Probe]
    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = readiness.IsReady });

    [Probe]
    public override Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ModelReadyResponse { Ready = readiness.IsModelReady(request.Name, request.Version) });

    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(KServeDescriptions.Server());

    public override async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context) =>
        (await models.MetadataAsync(request.Name, request.Version, context.CancellationToken)).OrThrow();

    public override async Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context) =>
        new() { Config = (await models.ConfigAsync(request.Name, request.Version, context.CancellationToken)).OrThrow() };

    public override Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context) =>
        Task.FromResult(models.Statistics(request.Name, request.Version).OrThrow());

    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context) =>
        (await InferAsync(request, context, context.CancellationToken)).OrThrow();

    public override Task ModelStreamInfer(
        IAsyncStreamReader<ModelInferRequest> requestStream, IServerStreamWriter<ModelStreamInferResponse> responseStream,
            ServerCallContext context) =>
        new OrderedStream<ModelInferRequest,
            ModelStreamInferResponse>(requestStream, responseStream, context, StreamWindow.Large, state.Stopping).RunAsync(
            (_, _) => ValueTask.FromResult<CallError?>(null), // an error has its place in the answer
            (request, cancellationToken) => ValueTask.FromResult(AnswerAsync(request, context, cancellationToken)));

    public override Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context) =>
        Task.FromResult(models.Index(request.Ready));

    [Authorize(Access.Admin)]
    public override async Task<RepositoryModelLoadResponse> RepositoryModelLoad(RepositoryModelLoadRequest request, ServerCallContext context) =>
        await models.LoadAsync(request.ModelName, request.Parameters.Keys.FirstOrDefault(), context.CancellationToken) is { } error
            ? throw error.ToRpcException()
            : new RepositoryModelLoadResponse();

    [Authorize(Access.Admin)]
    public override async Task<RepositoryModelUnloadResponse> RepositoryModelUnload(
        RepositoryModelUnloadRequest request, ServerCallContext context) =>
        await models.UnloadAsync(request.ModelName, context.CancellationToken) is { } error
            ? throw error.ToRpcException()
            : new RepositoryModelUnloadResponse();

    /// <summary>An error has its place in the answer; the stream goes on after it.</summary>
    private async Task<ModelStreamInferResponse> AnswerAsync(
        ModelInferRequest request, ServerCallContext context, CancellationToken cancellationToken)
    {
        var (response, error) = await InferAsync(request, context, cancellationToken);
        return response is not null
            ? new ModelStreamInferResponse { InferResponse = response }
            // One of the two is set.
            : new ModelStreamInferResponse { ErrorMessage = error!.Message, InferResponse = new ModelInferResponse { Id = request.Id } };
    }

    private async Task<CallResult<ModelInferResponse>> InferAsync(
        ModelInferRequest message, ServerCallContext context, CancellationToken cancellationToken)
    {
        var (request, wrong) = KServeMessages.Read(message, calls.MostElements);
        if (request is null)
        {
            return wrong!; // one of the two is set
        }

        var (response, error) = await calls.InferAsync(request, context.Caller(), context.ExpiresAt(time), cancellationToken);
        return response is null ? error! : KServeMessages.Write(response, request.Binary); // one of the two is set
    }
}
