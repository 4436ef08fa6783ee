using System.Text.Json;
using LoraOnnx.Hub;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>A checkpoint directory in Hugging Face layout, opened and checked: every tensor that config.json implies is there, in its
/// shape.</summary>
public sealed class Checkpoint
{
    /// <summary>The file of a checkpoint that is not sharded.</summary>
    public const string WeightsFileName = "model.safetensors";

    /// <summary>The index of a sharded checkpoint.</summary>
    public const string ShardIndexFileName = "model.safetensors.index.json";

    private readonly Dictionary<string, (string File, string Name)> _locations;
    private InputException? _headMisfit;

    private Checkpoint(string directory, ModelConfig config, Dictionary<string, (string File, string Name)> locations, IReadOnlyList<string> notes)
    {
        Notes = notes;
        Directory = directory;
        Config = config;
        _locations = locations;
    }

    /// <summary>The directory as the user named it.</summary>
    public string Directory { get; }

    /// <summary>Shape and options of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>
    /// False for an encoder without a classification head, or with one for another number of classes than config.json has; then a new head must be
    /// made or brought. Where its pooler is missing too, the pooler is part of that head: see <see cref="EncoderLayout.WithPoolerInHead"/>.
    /// </summary>
    public bool HasHead => Config.Layout.Head.Keys.All(_locations.ContainsKey);

    /// <summary>True where the files have a head, for another number of classes than config.json has.</summary>
    public bool HasOtherHead => _headMisfit is not null;

    /// <summary>What a user should know of the files; a line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Paths of the weight files, in name order.</summary>
    public IReadOnlyList<string> WeightFiles => [.. _locations.Values.Select(location => location.File).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>SHA-256 over the weight files: the identity of the base that run.json and model.onnx carry.</summary>
    public string WeightsHash() => WeightFiles is [var only] ? ContentHash.OfFile(only) : ContentHash.OfFiles(WeightFiles);

    /// <summary>Opens a checkpoint and checks names and shapes of all tensors; no tensor data is read yet.</summary>
    /// <exception cref="InputException">Something is missing, misshapen or unknown; the message names the file, the tensor and both
    /// shapes.</exception>
    public static Checkpoint Open(string directory)
    {
        string[] weights = [WeightsFileName, ShardIndexFileName];
        if (!File.Exists(Path.Combine(directory, ModelConfig.FileName))
            || (PathKinds.Of(directory) is not PathKind.Checkpoint && !weights.Any(name => File.Exists(Path.Combine(directory, name)))))
        {
            throw PathKinds.Instead(directory, "a checkpoint", ModelConfig.FileName, kind => WayOut(kind, directory));
        }

        var config = ModelConfig.Load(directory);
        var names = new CheckpointNames(config);
        var locations = new Dictionary<string, (string File, string Name)>(StringComparer.Ordinal);
        var notes = new List<string>(config.Warnings);
        string? unknown = null;
        string? wrapped = null;
        InputException? headMisfit = null;
        foreach (var path in FindWeightFiles(directory))
        {
            using var file = SafetensorsFile.Open(path);
            UngatheredTensors.Refuse(file, file.Names.Where(name => names.Find(name) is not null));
            foreach (var name in file.Names)
            {
                wrapped ??= WrapperPrefixes.Strip(name) == name ? null : WrapperPrefixes.Note(path, name);
                if (names.Find(name) is not { } spec)
                {
                    unknown ??= names.IsUnused(name) ? null : name;
                    continue;
                }

                if (!locations.TryAdd(spec.Key, (path, name)))
                {
                    throw InputException.InFile(path, $"tensor '{name}' is in the checkpoint twice.");
                }

                if (!file.ShapeOf(name).SequenceEqual(spec.Shape))
                {
                    var misfit = Misfit(path, name, file.ShapeOf(name), spec.Shape);
                    headMisfit = config.Layout.Head.Keys.Contains(spec.Key) ? headMisfit ?? misfit : throw misfit;
                }
            }
        }

        if (config.Layout.Pooler is { } pooler && !pooler.Tensors.Any(spec => locations.ContainsKey(spec.Key))
            && !config.Layout.Head.Keys.Any(locations.ContainsKey))
        {
            config = config with { Layout = config.Layout.WithPoolerInHead() };
        }

        CheckComplete(directory, config, locations);
        if (unknown is not null)
        {
            throw InputException.InFile(directory,
                $"tensor '{unknown}' is not part of a {config.Family.ClassifierClass} with {config.Shape.Blocks} layers.",
                "the checkpoint and config.json are from different models.");
        }

        notes.AddRange(wrapped is null ? [] : [wrapped]);
        if (File.Exists(Path.Combine(directory, PeftConfig.FileName)))
        {
            notes.Add($"{Path.Combine(directory, PeftConfig.FileName)}: the adapter beside the weights is not applied; name it with --adapter.");
        }

        if (headMisfit is not null)
        {
            locations = locations.Where(pair => !config.Layout.Head.Keys.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal);
        }

        return new Checkpoint(directory, config, locations, notes) { _headMisfit = headMisfit };
    }

    /// <summary>Reads all weights as fp32.</summary>
    /// <exception cref="InputException">The checkpoint has no head.</exception>
    public ModelWeights LoadWeights() => LoadWeights(Config.Task);

    /// <summary>The same with other names for the head's classes.</summary>
    /// <exception cref="InputException">The checkpoint has no head.</exception>
    public ModelWeights LoadWeights(ClassificationTask task) => LoadWeights([], task);

    /// <summary>Reads all weights as fp32, with <paramref name="head"/> in place of the checkpoint's own.</summary>
    /// <exception cref="InputException">Checkpoint and head together are no whole head.</exception>
    public ModelWeights LoadWeights(IEnumerable<NamedTensor> head) => LoadWeights(head, Config.Task);

    /// <summary>The same for the classes of <paramref name="task"/>; the head must be theirs.</summary>
    /// <exception cref="InputException">Checkpoint and head together are no whole head.</exception>
    public ModelWeights LoadWeights(IEnumerable<NamedTensor> head, ClassificationTask task)
    {
        var brought = head.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        CheckHead(brought);
        var tensors = LoadTensors().ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var (name, tensor) in brought)
        {
            tensors[name] = tensor;
        }

        return new ModelWeights(Config.WithTask(task), tensors.Values);
    }

    /// <summary>What was trained as one head comes as one: a classifier whose pooler is lost would give any answer.</summary>
    private void CheckHead(Dictionary<string, NamedTensor> brought)
    {
        var missing = HasHead ? [] : Config.Layout.Head.Tensors.Where(spec => !brought.ContainsKey(spec.Key)).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var names = string.Join(", ", missing.Select(spec => $"'{spec.Key}' {NamedTensor.Describe(spec.Shape)}"));
        throw brought.Count > 0
            ? InputException.InFile(Directory, $"has no {names}, and what comes with it brings only {string.Join(", ", brought.Keys.Select(
                name => $"'{name}'"))}.", "they were trained together, so the missing part is lost: save all of the trained head, with peft as "
                    + $"\"modules_to_save\": [{string.Join(", ", Config.Layout.Head.Linears.Select(step => $"\"{step.Linear.Name}\""))}].")
            : _headMisfit ?? InputException.InFile(Directory, $"has no classification head: {names} are missing.",
                "a head is never made up: train one with lora-train --method head or lora+head, or give one with lora-merge --head.");
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

        var positions = Config.Layout.Embeddings.Positions;
        if (!_locations.ContainsKey(positions.Key))
        {
            yield return SinusoidalPositions.Create(positions);
        }
    }

    private static string WayOut(PathKind kind, string path) => kind switch
    {
        PathKind.Run => $"lora-merge --run {path} --out model.onnx --save-checkpoint DIR makes one of it.",
        PathKind.Adapter => "name the checkpoint that it was trained on with --model, and this directory with --adapter.",
        PathKind.Head => "name a trained head with --head beside --model; to a checkpoint belongs its config.json.",
        PathKind.OnnxModel => "name the checkpoint that it was made of: a directory with config.json and model.safetensors.",
        PathKind.File when PathKinds.Of(Path.GetDirectoryName(Path.GetFullPath(path)) ?? path) is PathKind.Checkpoint =>
            "name the directory that the file is in.",
        PathKind.Missing when HubRepository.Parse(path, isDataset: false) is not null =>
            $"for the hub's model of that name write {path}@{HubRepository.DefaultRevision}.",
        _ => "a checkpoint is a directory with config.json and model.safetensors.",
    };

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
                ? "pytorch_model.bin is a pickle, which can run code; convert it in Python: "
                    + "AutoModelForSequenceClassification.from_pretrained(DIR).save_pretrained(DIR, safe_serialization=True)"
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
            if (entry.Value.ValueKind != JsonValueKind.String || fields.TextOf(entry.Value, "weight_map") is not { Length: > 0 } name
                || Path.GetFileName(name) != name)
            {
                throw InputException.InFile(index,
                    $"'weight_map' has the file {JsonFields.Describe(entry.Value)}, expected a file name in the same directory.");
            }

            files.Add(Path.Combine(directory, name));
        }

        return [.. files];
    }

    private static InputException Misfit(string path, string name, IReadOnlyList<int> found, IReadOnlyList<int> implied) =>
        InputException.InFile(path, $"tensor '{name}' is {NamedTensor.Describe(found)}; config.json implies {NamedTensor.Describe(implied)}.",
            "the checkpoint and config.json are from different models.");

    private static void CheckComplete(string directory, ModelConfig config, Dictionary<string, (string File, string Name)> locations)
    {
        var (embeddings, head) = (config.Layout.Embeddings, config.Layout.Head);
        var missing = config.Layout.EncoderTensors.Where(spec => !locations.ContainsKey(spec.Key))
            .Where(spec => !(embeddings.IsSinusoidal && spec.Key == embeddings.Positions.Key)).ToList();
        if (head.Keys.Any(locations.ContainsKey))
        {
            missing.AddRange(head.Tensors.Where(spec => !locations.ContainsKey(spec.Key)));
        }

        if (missing.Count > 0)
        {
            throw InputException.InFile(directory,
                $"tensor '{missing[0].Key}' {NamedTensor.Describe(missing[0].Shape)} is "
                    + $"missing{(missing.Count > 1 ? $", and {missing.Count - 1} more" : "")}.",
                "the checkpoint and config.json are from different models, or the checkpoint is not whole.");
        }
    }
}
