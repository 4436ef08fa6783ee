using LoraOnnx.Graph.Training;
using LoraOnnx.Training.Learning;

namespace LoraOnnx.Training.Onnx;

/// <summary>Features of texts, and what else a head's graph takes in with them.</summary>
internal sealed class FeaturePart : IPartInputs
{
    /// <summary>Takes <paramref name="labels"/> over.</summary>
    public FeaturePart(IReadOnlyList<float[]> features, IReadOnlyList<NamedValue> labels)
    {
        var width = features[0].Length;
        var rows = new float[features.Count * width];
        for (var row = 0; row < features.Count; row++)
        {
            features[row].CopyTo(rows, row * width);
        }

        Texts = features.Count;
        Values = [new(TrainingInputs.Features, LentSession.Value<float>(rows, Texts, width)), .. labels];
    }

    /// <inheritdoc/>
    public IReadOnlyList<NamedValue> Values { get; }

    /// <inheritdoc/>
    public int Rows => 0;

    /// <inheritdoc/>
    public int Texts { get; }

    /// <inheritdoc/>
    public int Width => 0;

    /// <inheritdoc/>
    public IReadOnlyList<TextGroup> Groups => [];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in Values)
        {
            value.Value.Dispose();
        }
    }
}
