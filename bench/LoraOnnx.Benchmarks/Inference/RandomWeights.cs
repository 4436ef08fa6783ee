using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Benchmarks.Inference;

/// <summary>A model of DistilBERT-base's shape with random weights: for speed, which does not depend on what they say.</summary>
internal static class RandomWeights
{
    public static ModelWeights BaseSize()
    {
        var config = new DistilBertConfig
        {
            Width = 768,
            FeedForwardWidth = 3072,
            LayerCount = 6,
            HeadCount = 12,
            VocabularySize = 30522,
            MaxPositions = 512,
            Labels = ["NEGATIVE", "POSITIVE"],
        };
        var random = new Random(7);
        return new ModelWeights(config, [.. DistilBertTensors.All(config).Select(spec => Tensor(spec, random))]);
    }

    private static NamedTensor Tensor(TensorSpec spec, Random random)
    {
        var values = new float[spec.Shape.Aggregate(1, (product, length) => product * length)];
        var norm = spec.Key.Contains("orm.weight", StringComparison.Ordinal);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = norm ? 1 : 0.04f * (random.NextSingle() - random.NextSingle());
        }

        return new NamedTensor(spec.Key, spec.Shape, values);
    }
}
