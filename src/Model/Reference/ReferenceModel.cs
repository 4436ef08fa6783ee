using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Model.Reference;

/// <summary>A plain forward pass in managed code, adapters kept apart from the weights: what a merged file is compared with when no run is at hand. Thread-safe.</summary>
public sealed class ReferenceModel
{
    /// <summary>Adapters are applied as W·x + Σ weight·scale·B·(A·x), never folded (DoRA excepted, whose form needs the sum).</summary>
    public ReferenceModel(ModelWeights weights, IReadOnlyList<(LoraAdapter Adapter, double Weight)> adapters) => throw new NotImplementedException();

    /// <summary>The logits [labels] of one text given as token ids.</summary>
    public float[] Logits(ReadOnlySpan<int> ids) => throw new NotImplementedException();
}
