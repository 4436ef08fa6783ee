using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>A new classification head for a body that has none, as <c>transformers</c> initialises it: weights N(0, initializer_range²), biases
/// 0.</summary>
public static class HeadSeeding
{
    /// <summary>The tensors of the head; the same sequence gives the same numbers everywhere. They are not those of PyTorch's generator.</summary>
    public static IReadOnlyList<NamedTensor> Create(ModelConfig config, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(random);
        return [.. config.Layout.Head.Tensors.Select(spec =>
        {
            var count = spec.Shape.Aggregate(1, (product, length) => product * length);
            return new NamedTensor(spec.Key, spec.Shape, spec.Columns is null ? new float[count] : random.Normal(count, config.InitializerRange));
        })];
    }
}
