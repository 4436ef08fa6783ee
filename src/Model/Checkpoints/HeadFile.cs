using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>A trained classification head: <c>model.safetensors</c> with the tensors of <see cref="HeadLayout"/>.</summary>
public static class HeadFile
{
    /// <summary>Classes of the head in a directory, or null where its last module is not there.</summary>
    /// <exception cref="InputException">The file is missing or malformed.</exception>
    public static int? Classes(string directory, ModelConfig config)
    {
        using var file = SafetensorsFile.Open(PathIn(directory));
        var weight = config.Layout.Head.Last.Weight;
        return file.Contains(weight) && file.ShapeOf(weight) is [var classes, _] ? classes : null;
    }

    /// <summary>The head, with the pooler that was trained as its first step where the file has one.</summary>
    /// <exception cref="InputException">As <see cref="Read"/>.</exception>
    public static IReadOnlyList<NamedTensor> ReadWithPooler(string directory, ModelConfig config)
    {
        using var file = SafetensorsFile.Open(PathIn(directory));
        var hasPooler = config.Layout.Pooler is { } pooler && file.Contains(pooler.Weight);
        return Read(directory, hasPooler ? config with { Layout = config.Layout.WithPoolerInHead() } : config);
    }

    private static string PathIn(string directory)
    {
        var path = Path.Combine(directory, Checkpoint.WeightsFileName);
        var inner = Path.Combine(directory, RunDirectory.HeadFolder);
        return File.Exists(path) ? path
            : throw PathKinds.Instead(directory, "a trained head", Checkpoint.WeightsFileName, kind =>
                Directory.Exists(inner) ? $"the head of the run is in {inner}."
                    : kind is PathKind.Run ? "this run trained adapters alone."
                    : $"a head is a directory with {Checkpoint.WeightsFileName}, such as that of lora-train --method head.");
    }

    /// <summary>Reads the head in <paramref name="directory"/>, also out of a whole classifier, and under names that wrappers gave it.</summary>
    /// <exception cref="InputException">The file is missing, or a tensor is missing or does not fit the model.</exception>
    public static IReadOnlyList<NamedTensor> Read(string directory, ModelConfig config)
    {
        var path = PathIn(directory);
        using var file = SafetensorsFile.Open(path);
        var names = new CheckpointNames(config);
        var found = file.Names.Select(name => (Name: name, Spec: names.Find(name))).Where(pair => pair.Spec is not null)
            .DistinctBy(pair => pair.Spec!.Value.Key).ToDictionary(pair => pair.Spec!.Value.Key, pair => pair.Name); // null is left out above
        var keys = config.Layout.Head.Keys;
        UngatheredTensors.Refuse(file, keys.Where(found.ContainsKey).Select(key => found[key]));
        return [.. config.Layout.Head.Tensors.Select(spec =>
        {
            var name = found.GetValueOrDefault(spec.Key);
            if (name is null || !file.ShapeOf(name).SequenceEqual(spec.Shape))
            {
                var state = name is null ? "is missing" : $"is {NamedTensor.Describe(file.ShapeOf(name))}";
                throw InputException.InFile(path, $"tensor '{spec.Key}' {state}; config.json implies {NamedTensor.Describe(spec.Shape)}.",
                    "the head and the base are from different models.");
            }

            var tensor = file.Read(name);
            return name == spec.Key ? tensor : new NamedTensor(spec.Key, tensor.Shape, tensor.Values);
        })];
    }
}
