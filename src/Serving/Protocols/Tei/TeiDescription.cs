using LoraOnnx.Graph;
using LoraOnnx.Serving.Calls;
using LoraOnnx.Serving.Models;

namespace LoraOnnx.Serving.Protocols.Tei;

/// <summary>The default model in the words of text-embeddings-inference.</summary>
internal sealed class TeiDescription(ModelCatalog catalog, ServingOptions options)
{
    public async Task<CallResult<TeiInformation>> ReadAsync(CancellationToken cancellationToken)
    {
        var (lease, error) = await catalog.AcquireAsync("", "", cancellationToken);
        if (lease is null)
        {
            return error!; // one of the two is set
        }

        using (lease)
        {
            var model = lease.Model;
            return new TeiInformation(
                model.Name,
                model.Description.Hash,
                // Upstream's names, where it has one.
                model.Description.Precision switch
                {
                    Precision.Fp32 => "float32",
                    Precision.Fp16 => "float16",
                    var precision => EnumNames.Of(precision),
                },
                (uint)(model.Work.QueueCapacity / 2), // there is no limit on calls, only on tokens: this is how many of the shortest texts may wait
                (uint)model.Description.MaxTokens,
                (uint)model.Work.BatchTokens,
                (uint)options.MaxBatchTexts,
                (uint)Environment.ProcessorCount,
                ToolVersion.Text);
        }
    }
}
