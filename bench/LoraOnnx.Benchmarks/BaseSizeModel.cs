using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Families;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Benchmarks;

/// <summary>A DistilBERT of base size with random weights: what they say does not change what it costs.</summary>
internal static class BaseSizeModel
{
    public static readonly ModelConfig Config = new()
    {
        Family = DistilBert.Family,
        Task = new(["NEGATIVE", "POSITIVE"], ProblemType.SingleLabel),
        Layout = DistilBert.Layout(new EncoderShape { Width = 768, UpWidth = 3072, Blocks = 6, Heads = 12, Vocabulary = 30522, Positions = 512 },
            classes: 2),
    };

    public static ModelWeights Weights() => Weights(Config);

    /// <summary>The same with what else a configuration says, such as another vocabulary.</summary>
    public static ModelWeights Weights(ModelConfig config)
    {
        var random = new Random(1);
        return new ModelWeights(config, [.. config.Layout.Tensors.Select(spec => new NamedTensor(spec.Key, spec.Shape, Values(spec, random)))]);
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
