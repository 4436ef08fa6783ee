using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>A trained classification head: <c>model.safetensors</c> with the tensors of <see cref="HeadLayout"/>.</summary>
public static class HeadFile
{
    /// <summary>Classes of the head in a directory, or null where its last module is not there.</summary>
    /// <exception cref="InputException">The file is missing or malformed.</exception>
    public static int? Classes(string directory, ModelConfig config)
    {
        using var file = SafetensorsFile.Open(Path.Combine(directory, Checkpoint.WeightsFileName));
        var weight = config.Layout.Head.Last.Weight;
        return file.Contains(weight) && file.ShapeOf(weight) is [var classes, _] ? classes : null;
    }

    /// <summary>The head, with the pooler that was trained as its first step where the file has one.</summary>
    /// <exception cref="InputException">As <see cref="Read"/>.</exception>
    public static IReadOnlyList<NamedTensor> ReadWithPooler(string directory, ModelConfig config)
    {
        using var file = SafetensorsFile.Open(Path.Combine(directory, Checkpoint.WeightsFileName));
        var hasPooler = config.Layout.Pooler is { } pooler && file.Contains(pooler.Weight);
        return Read(directory, hasPooler ? config with { Layout = config.Layout.WithPoolerInHead() } : config);
    }

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
