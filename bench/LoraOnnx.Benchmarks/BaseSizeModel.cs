using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Benchmarks;

/// <summary>A DistilBERT of base size with random weights: what they say does not change what it costs.</summary>
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
        Task = new(["NEGATIVE", "POSITIVE"], ProblemType.SingleLabel),
    };

    public static ModelWeights Weights() => Weights(Config);

    /// <summary>The same with what else a configuration says, such as another vocabulary.</summary>
    public static ModelWeights Weights(DistilBertConfig config)
    {
        var random = new Random(1);
        return new ModelWeights(config, [.. DistilBertTensors.All(config).Select(spec => new NamedTensor(spec.Key, spec.Shape, Values(spec, random)))]);
    }

    /// <summary>Matrices with a standard deviation of 0.02, as trained models have; layer norms and biases that change nothing.</summary>
    private static float[] Values(TensorSpec spec, Random random)
    {
        var values = new float[spec.Rows * (spec.Columns ?? 1)];
        if (spec.Columns is null)
        {
            Array.Fill(values, spec.Key.EndsWith("orm.weight", StringComparison.Ordinal) ? 1 : 0);
            return values;
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (random.NextSingle() - 0.5f) * 0.07f;
        }

        return values;
    }
}
