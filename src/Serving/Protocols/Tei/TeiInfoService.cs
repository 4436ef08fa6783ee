using Grpc.Core;
using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Transports.Grpc;
using Microsoft.AspNetCore.Authorization;
using TextEmbeddingsInference;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>tei.v1.Info: what is served, of the default model.</summary>
[Authorize(Access.User)]
internal sealed class TeiInfoService(TeiDescription description) : Info.InfoBase
{
    public override async Task<InfoResponse> Info(InfoRequest request, ServerCallContext context)
    {
        var information = (await description.ReadAsync(context.CancellationToken)).OrThrow();
        return new InfoResponse
        {
            Version = information.Version,
            ModelId = information.ModelId,
            ModelSha = information.ModelSha,
            ModelDtype = information.ModelDtype,
            ModelType = ModelType.Classifier,
            MaxConcurrentRequests = information.MaxConcurrentRequests,
            MaxInputLength = information.MaxInputLength,
            MaxBatchTokens = information.MaxBatchTokens,
            MaxClientBatchSize = information.MaxClientBatchSize,
            TokenizationWorkers = information.TokenizationWorkers,
        };
    }
}
