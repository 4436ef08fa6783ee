namespace LoraOnnx.Training.Engine;

/// <summary>Features of texts [texts][width], with the classes that hold for each; labels may be absent where only logits are asked for.</summary>
internal sealed record FeatureBatch(IReadOnlyList<float[]> Features, IReadOnlyList<IReadOnlyList<int>>? Labels);
