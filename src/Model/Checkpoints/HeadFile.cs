using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>A trained classification head: <c>model.safetensors</c> with the tensors of <see cref="HeadLayout"/>.</summary>
public static class HeadFile
{
    /// <summary>Reads the head in <paramref name="directory"/>.</summary>
    /// <exception cref="InputException">The file is missing, or a tensor is missing or does not fit the model.</exception>
    public static IReadOnlyList<NamedTensor> Read(string directory, ModelConfig config)
    {
        var path = Path.Combine(directory, Checkpoint.WeightsFileName);
        using var file = SafetensorsFile.Open(path);
        return [.. config.Layout.Head.Tensors.Select(spec =>
        {
            if (!file.Contains(spec.Key) || !file.ShapeOf(spec.Key).SequenceEqual(spec.Shape))
            {
                var found = file.Contains(spec.Key) ? $"is {NamedTensor.Describe(file.ShapeOf(spec.Key))}" : "is missing";
                throw InputException.InFile(path, $"tensor '{spec.Key}' {found}; config.json implies {NamedTensor.Describe(spec.Shape)}.",
                    "the head and the base are from different models.");
            }

            return file.Read(spec.Key);
        })];
    }
}
