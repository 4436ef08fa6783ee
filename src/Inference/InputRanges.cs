using System.Numerics.Tensors;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Rounding;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>How large the inputs of a model's matrices get on texts.</summary>
public static class InputRanges
{
    /// <summary>The largest size of each channel, by the name of a <see cref="MatrixGroup"/>.</summary>
    public static IReadOnlyDictionary<string, float[]> Of(
        ModelWeights weights, IReadOnlyList<EncodedText> texts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(texts);
        var model = InputRangesModel.Of(weights);
        using var settings = RuntimeDevice.CreateSettings(new InferenceOptions { Device = RuntimeDevice.Cpu });
        using var session = new InferenceSession(model.Graph, settings);
        string[] outputs = [.. model.Outputs.Select(InputRangesModel.OutputOf)];
        var largest = new Dictionary<string, float[]>();
        foreach (var text in texts)
        {
            using var layout = new PackedLayout(
                [text.Ids], WidthGroups.Width(text.Ids.Length, weights.Config.MaxTokens), weights.Config.Layout.Embeddings);
            SessionRun.Outputs(session, [.. PackedInputs.All], layout.CreateValues(), outputs, Keep, cancellationToken);
        }

        return largest;

        void Keep(IReadOnlyList<OrtValue> values)
        {
            foreach (var (group, value) in model.Outputs.Zip(values))
            {
                var sizes = value.GetTensorDataAsSpan<float>();
                if (largest.TryGetValue(group, out var before))
                {
                    TensorPrimitives.Max(before, sizes, before);
                }
                else
                {
                    largest[group] = sizes.ToArray();
                }
            }
        }
    }
}
