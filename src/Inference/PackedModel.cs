using LoraOnnx.Graph;
using LoraOnnx.Model.Encoders;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>A session over the serving-shaped graph: no padding outside attention, the last layer for [CLS] only. Runs may be called
/// concurrently.</summary>
internal sealed class PackedModel : ITokenModel
{
    private static readonly string[] _inputs = [.. PackedInputs.All];

    private readonly InferenceSession _session;

    private readonly EmbeddingLayout _embeddings;

    private PackedModel(InferenceSession session, EmbeddingLayout embeddings) => (_session, _embeddings) = (session, embeddings);

    /// <summary>Opens a model made by <see cref="OnnxModelFile"/>; the bytes are not needed afterwards.</summary>
    public static PackedModel Open(byte[] servingModel, EmbeddingLayout embeddings, InferenceOptions options)
    {
        using var settings = RuntimeDevice.CreateSettings(options);
        return new PackedModel(new InferenceSession(servingModel, settings), embeddings);
    }

    /// <inheritdoc/>
    public void Run(
        ReadOnlySpan<ReadOnlyMemory<int>> batch, int width, TextLogits logits, ReadOnlySpan<int> places, CancellationToken cancellationToken)
    {
        using var layout = PackedLayout.Rent(batch, width, _embeddings);
        SessionRun.Logits(_session, _inputs, layout.CreateValues(), logits, places, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
