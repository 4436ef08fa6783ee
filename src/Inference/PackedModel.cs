using LoraOnnx.Graph;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>A session over the serving-shaped graph: no padding outside attention, the last layer for [CLS] only. Runs may be called concurrently.</summary>
internal sealed class PackedModel : ITokenModel
{
    private static readonly string[] _inputs = [.. PackedInputs.All];

    private readonly InferenceSession _session;

    private PackedModel(InferenceSession session) => _session = session;

    /// <summary>Opens a model made by <see cref="OnnxModelFile"/>; the bytes are not needed afterwards.</summary>
    public static PackedModel Open(byte[] servingModel, InferenceOptions options)
    {
        using var settings = RuntimeDevice.CreateSettings(options);
        return new PackedModel(new InferenceSession(servingModel, settings));
    }

    /// <inheritdoc/>
    public float[][] Run(IReadOnlyList<int[]> batch, int width, CancellationToken cancellationToken)
    {
        using var layout = new PackedLayout(batch, width);
        return SessionRun.Logits(_session, _inputs, layout.CreateValues(), batch.Count, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
