using Grpc.Core;
using LoraOnnx.Serving.Security;
using Microsoft.AspNetCore.Authorization;
using TextEmbeddingsInference;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>tei.v1.Info: what is served, of the default model.</summary>
[Authorize(Access.User)]
internal sealed class TeiInfoService(SentimentCalls calls, ServingOptions options) : Info.InfoBase
{
    public override async Task<InfoResponse> Info(InfoRequest request, ServerCallContext context) => await DescribeAsync(context.CancellationToken);

    /// <summary>The default model in the words of text-embeddings-inference.</summary>
    public async Task<InfoResponse> DescribeAsync(CancellationToken cancellationToken)
    {
        using var lease = await calls.AcquireAsync("", "", cancellationToken);
        var model = lease.Model;
        return new InfoResponse
        {
            Version = ToolVersion.Text,
            ModelId = model.Name,
            ModelSha = model.Description.Hash,
            ModelDtype = model.Description.Precision switch { "fp32" => "float32", "fp16" => "float16", var precision => precision }, // upstream's names, where it has one
            ModelType = ModelType.Classifier,
            // There is no limit on calls, only on tokens: this is how many of the shortest texts may wait.
            MaxConcurrentRequests = (uint)(model.QueueCapacity / 2),
            MaxInputLength = (uint)model.Description.MaxTokens,
            MaxBatchTokens = (uint)model.BatchTokens,
            MaxClientBatchSize = (uint)options.MaxBatchTexts,
            TokenizationWorkers = (uint)Environment.ProcessorCount,
        };
    }
}
