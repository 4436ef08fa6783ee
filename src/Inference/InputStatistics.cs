using System.Numerics.Tensors;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>What the inputs of a model's matrices are like on texts, by the name of a <see cref="MatrixGroup"/>.</summary>
public static class InputStatistics
{
    /// <summary>The largest size of each channel.</summary>
    public static IReadOnlyDictionary<string, float[]> LargestSizes(
        ModelWeights weights, IReadOnlyList<EncodedText> texts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var groups = MatrixGroup.Of(weights.Config.Layout);
        return Of(weights, groups, InputStatistic.LargestSizes, texts, static (before, sizes) => TensorPrimitives.Max(before, sizes, before),
            cancellationToken);
    }

    /// <summary>Σ xᵀ·x over all tokens, [channels, channels] row by row.</summary>
    public static IReadOnlyDictionary<string, float[]> Moments(
        ModelWeights weights, IReadOnlyList<MatrixGroup> groups, IReadOnlyList<EncodedText> texts, CancellationToken cancellationToken) =>
        Of(weights, groups, InputStatistic.Moments, texts, static (before, moments) => TensorPrimitives.Add(before, moments, before),
            cancellationToken);

    private static Dictionary<string, float[]> Of(ModelWeights weights, IReadOnlyList<MatrixGroup> groups, InputStatistic statistic,
        IReadOnlyList<EncodedText> texts, Gather gather, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(texts);
        var model = InputStatisticModel.Of(weights, groups, statistic);
        using var settings = RuntimeDevice.CreateSettings(new InferenceOptions { Device = ComputeDevice.Cpu });
        using var session = new InferenceSession(model.Graph, settings);
        string[] outputs = [.. model.Groups.Select(InputStatisticModel.OutputOf)];
        var found = new Dictionary<string, float[]>();
        foreach (var text in texts)
        {
            using var layout = PackedLayout.Rent(
                [text.Ids], WidthGroups.Width(text.Ids.Length, weights.Config.MaxTokens), weights.Config.Layout.Embeddings);
            SessionRun.Outputs(session, [.. PackedInputs.All], layout.CreateValues(), outputs, Keep, cancellationToken);
        }

        return found;

        void Keep(IReadOnlyList<OrtValue> values)
        {
            foreach (var (group, value) in model.Groups.Zip(values))
            {
                var numbers = value.GetTensorDataAsSpan<float>();
                if (found.TryGetValue(group, out var before))
                {
                    gather(before, numbers);
                }
                else
                {
                    found[group] = numbers.ToArray();
                }
            }
        }
    }

    private delegate void Gather(float[] before, ReadOnlySpan<float> next);
}
