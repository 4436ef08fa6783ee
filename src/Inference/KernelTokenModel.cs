using LoraOnnx.Graph;
using LoraOnnx.Inference.Operators;
using LoraOnnx.Kernels;
using LoraOnnx.Model;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>
/// A session over a <see cref="KernelModel"/>: no padding anywhere, the last layer for [CLS] only. Runs may be called concurrently.
/// </summary>
internal sealed class KernelTokenModel : ITokenModel
{
    private static readonly string[] _inputs = [.. KernelModel.Inputs];

    private readonly InferenceSession _session;
    private readonly OperatorDomain _domain;
    private readonly EmbeddingLayout _embeddings;

    private KernelTokenModel(InferenceSession session, OperatorDomain domain, EmbeddingLayout embeddings) =>
        (_session, _domain, _embeddings) = (session, domain, embeddings);

    /// <inheritdoc/>
    public bool MixesWidths => true;

    /// <summary>Rounds the weights and opens the session.</summary>
    public static KernelTokenModel Open(KernelModel model, ModelConfig config, KernelSet kernels, InferenceOptions options)
    {
        using var settings = RuntimeDevice.CreateSettings(options with { Device = ComputeDevice.Cpu });
        var domain = new OperatorDomain(settings, [new EncoderOperator(model, config, kernels)], ThreadPlan.Threads(options.Threads));
        try
        {
            return new KernelTokenModel(OperatorDomain.OpenSession(model.Graph, settings), domain, config.Layout.Embeddings);
        }
        catch
        {
            domain.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Run(
        ReadOnlySpan<ReadOnlyMemory<int>> batch, int width, TextLogits logits, ReadOnlySpan<int> places, CancellationToken cancellationToken)
    {
        using var layout = PackedLayout.Rent(batch, width, _embeddings);
        SessionRun.Logits(_session, _inputs, layout.CreateValuesWithoutPadding(), logits, places, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _domain.Dispose();
    }
}
