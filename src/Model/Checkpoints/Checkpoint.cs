using System.Text.Json;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>A checkpoint directory in Hugging Face layout, opened and checked: every tensor that config.json implies is there, in its shape.</summary>
public sealed class Checkpoint
{
    /// <summary>The file of a checkpoint that is not sharded.</summary>
    public const string WeightsFileName = "model.safetensors";

    /// <summary>The index of a sharded checkpoint.</summary>
    public const string ShardIndexFileName = "model.safetensors.index.json";

    /// <summary>Heads that transformers leaves aside when it loads a classifier: the masked-language-model head, and an older buffer.</summary>
    private static readonly string[] _ignoredPrefixes = ["vocab_transform.", "vocab_layer_norm.", "vocab_projector.", "distilbert.embeddings.position_ids", "embeddings.position_ids", "qa_outputs."];

    private readonly Dictionary<string, (string File, string Name)> _locations;

    private Checkpoint(string directory, DistilBertConfig config, Dictionary<string, (string File, string Name)> locations)
    {
        Directory = directory;
        Config = config;
        _locations = locations;
    }

    /// <summary>The directory as the user named it.</summary>
    public string Directory { get; }

    /// <summary>Shape and options of the model.</summary>
    public DistilBertConfig Config { get; }

    /// <summary>False for a body without a classification head; then a new head must be made or brought.</summary>
    public bool HasHead => DistilBertTensors.HeadKeys.All(_locations.ContainsKey);

    /// <summary>Paths of the weight files, in name order.</summary>
    public IReadOnlyList<string> WeightFiles => [.. _locations.Values.Select(location => location.File).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>SHA-256 over the weight files: the identity of the base that run.json and model.onnx carry.</summary>
    public string WeightsHash() => WeightFiles is [var only] ? ContentHash.OfFile(only) : ContentHash.OfFiles(WeightFiles);

    /// <summary>Opens a checkpoint and checks names and shapes of all tensors; no tensor data is read yet.</summary>
    /// <exception cref="InputException">Something is missing, misshapen or unknown; the message names the file, the tensor and both shapes.</exception>
    public static Checkpoint Open(string directory)
    {
        if (!System.IO.Directory.Exists(directory))
        {
            throw InputException.InFile(directory, "no such directory.", "a checkpoint is a directory with config.json and model.safetensors.");
        }

        var config = DistilBertConfig.Load(directory);
        var locations = new Dictionary<string, (string File, string Name)>(StringComparer.Ordinal);
        string? unknown = null;
        var specs = DistilBertTensors.All(config).ToDictionary(spec => spec.Key, StringComparer.Ordinal);
        foreach (var path in FindWeightFiles(directory))
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var name in file.Names)
            {
                var key = CanonicalKey(name, specs);
                if (key is null)
                {
                    unknown ??= _ignoredPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) ? null : name;
                    continue;
                }

                if (!locations.TryAdd(key, (path, name)))
                {
                    throw InputException.InFile(path, $"tensor '{name}' is in the checkpoint twice.");
                }

                CheckShape(path, name, file.ShapeOf(name), specs[key].Shape);
            }
        }

        CheckComplete(directory, config, locations);
        if (unknown is not null)
        {
            throw InputException.InFile(directory, $"tensor '{unknown}' is not part of a DistilBERT classifier with {config.LayerCount} layers.",
                "the checkpoint and config.json are from different models.");
        }

        return new Checkpoint(directory, config, locations);
    }

    /// <summary>Reads all weights as fp32.</summary>
    /// <exception cref="InputException">The checkpoint has no head.</exception>
    public ModelWeights LoadWeights()
    {
        if (!HasHead)
        {
            throw InputException.InFile(Directory,
                $"has no classification head: {string.Join(", ", DistilBertTensors.Head(Config).Select(spec => $"'{spec.Key}' {NamedTensor.Describe(spec.Shape)}"))} are missing.",
                "a head is never made up: train one with lora-train --method head or lora+head, or give one with lora-merge --head.");
        }

        return new ModelWeights(Config, LoadTensors());
    }

    /// <summary>Reads all weights as fp32, with <paramref name="head"/> (the four tensors of the head) in place of the checkpoint's own.</summary>
    public ModelWeights LoadWeights(IEnumerable<NamedTensor> head)
    {
        var tensors = LoadTensors().ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var tensor in head)
        {
            tensors[tensor.Name] = tensor;
        }

        return new ModelWeights(Config, tensors.Values);
    }

    private IEnumerable<NamedTensor> LoadTensors()
    {
        foreach (var group in _locations.GroupBy(pair => pair.Value.File))
        {
            using var file = SafetensorsFile.Open(group.Key);
            foreach (var (key, (_, name)) in group)
            {
                var tensor = file.Read(name);
                yield return key == name ? tensor : new NamedTensor(key, tensor.Shape, tensor.Values);
            }
        }

        if (!_locations.ContainsKey(_positionKey))
        {
            yield return SinusoidalPositions.Create(_positionKey, Config.MaxPositions, Config.Width);
        }
    }

    private static readonly string _positionKey = $"{DistilBertTensors.PositionEmbeddings}.weight";

    private static List<string> FindWeightFiles(string directory)
    {
        var single = Path.Combine(directory, WeightsFileName);
        if (File.Exists(single))
        {
            return [single];
        }

        var index = Path.Combine(directory, ShardIndexFileName);
        if (!File.Exists(index))
        {
            var pickle = Path.Combine(directory, "pytorch_model.bin");
            throw InputException.InFile(single, "no such file.", File.Exists(pickle)
                ? "pytorch_model.bin is a pickle, which can run code; convert it in Python: AutoModelForSequenceClassification.from_pretrained(DIR).save_pretrained(DIR, safe_serialization=True)"
                : "a checkpoint is a directory with config.json and model.safetensors.");
        }

        var fields = JsonFields.Load(index);
        if (fields.Find("weight_map") is not { ValueKind: JsonValueKind.Object } map)
        {
            throw InputException.InFile(index, "'weight_map' is missing, expected an object of tensor names and files.");
        }

        var files = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var entry in map.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.String || fields.TextOf(entry.Value, "weight_map") is not { Length: > 0 } name || Path.GetFileName(name) != name)
            {
                throw InputException.InFile(index, $"'weight_map' has the file {JsonFields.Describe(entry.Value)}, expected a file name in the same directory.");
            }

            files.Add(Path.Combine(directory, name));
        }

        return [.. files];
    }

    /// <summary>The classifier's key for a name in the file: body-only files lack the prefix, very old ones call layer-norm weights gamma and beta.</summary>
    private static string? CanonicalKey(string name, Dictionary<string, TensorSpec> specs)
    {
        var modern = name.EndsWith(".gamma", StringComparison.Ordinal) ? name[..^5] + "weight"
            : name.EndsWith(".beta", StringComparison.Ordinal) ? name[..^4] + "bias"
            : name;
        return specs.ContainsKey(modern) ? modern
            : specs.ContainsKey(DistilBertTensors.BodyPrefix + modern) ? DistilBertTensors.BodyPrefix + modern
            : null;
    }

    private static void CheckShape(string path, string name, IReadOnlyList<int> found, IReadOnlyList<int> implied)
    {
        if (!found.SequenceEqual(implied))
        {
            throw InputException.InFile(path, $"tensor '{name}' is {NamedTensor.Describe(found)}; config.json implies {NamedTensor.Describe(implied)}.",
                "the checkpoint and config.json are from different models.");
        }
    }

    private static void CheckComplete(string directory, DistilBertConfig config, Dictionary<string, (string File, string Name)> locations)
    {
        var missing = DistilBertTensors.Body(config).Where(spec => !locations.ContainsKey(spec.Key))
            .Where(spec => !(config.SinusoidalPositions && spec.Key == _positionKey)).ToList();
        var head = DistilBertTensors.HeadKeys.Count(locations.ContainsKey);
        if (head is > 0 and < 4)
        {
            missing.AddRange(DistilBertTensors.Head(config).Where(spec => !locations.ContainsKey(spec.Key)));
        }

        if (missing.Count > 0)
        {
            throw InputException.InFile(directory,
                $"tensor '{missing[0].Key}' {NamedTensor.Describe(missing[0].Shape)} is missing{(missing.Count > 1 ? $", and {missing.Count - 1} more" : "")}.",
                "the checkpoint and config.json are from different models, or the checkpoint is not whole.");
        }
    }
}
