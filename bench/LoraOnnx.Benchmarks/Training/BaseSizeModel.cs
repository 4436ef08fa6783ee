using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Benchmarks.Training;

/// <summary>A DistilBERT of base size with random weights, and texts of random words: neither changes what a step costs.</summary>
internal static class BaseSizeModel
{
    public static readonly DistilBertConfig Config = new()
    {
        Width = 768,
        FeedForwardWidth = 3072,
        LayerCount = 6,
        HeadCount = 12,
        VocabularySize = 30522,
        MaxPositions = 512,
        Labels = ["NEGATIVE", "POSITIVE"],
    };

    public static ModelWeights Weights()
    {
        var random = new Random(1);
        return new ModelWeights(Config, [.. DistilBertTensors.All(Config).Select(spec =>
        {
            var values = new float[(long)spec.Rows * (spec.Columns ?? 1)];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = spec.Columns is null ? (spec.Key.EndsWith("orm.weight", StringComparison.Ordinal) ? 1 : 0) : (float)((random.NextDouble() - 0.5) * 0.07); // standard deviation 0.02
            }

            return new NamedTensor(spec.Key, spec.Shape, values);
        })]);
    }

    public static EncodedText[] Texts(int[] lengths)
    {
        var random = new Random(2);
        return Array.ConvertAll(lengths, length => new EncodedText([101, .. Enumerable.Range(0, length - 2).Select(_ => random.Next(1000, Config.VocabularySize)), 102], length));
    }
}
