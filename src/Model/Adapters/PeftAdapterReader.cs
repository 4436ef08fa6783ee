using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Adapters;

/// <summary>
/// Reads an adapter directory. The tensors in the file must be those that the config asks for in this model, each in its shape: what is missing
/// or left over would otherwise be a silent difference.
/// </summary>
internal sealed class PeftAdapterReader
{
    public const string TensorsFileName = "adapter_model.safetensors";

    private const string PickleFileName = "adapter_model.bin";

    private readonly PeftConfig _config;
    private readonly SafetensorsFile _file;
    private readonly ModelConfig _model;
    private readonly IReadOnlyList<PeftTarget> _targets;
    private readonly List<string> _notes = [];

    /// <summary>Name in the file by what it is for.</summary>
    private readonly Dictionary<PeftTensorName, string> _names = [];

    private PeftAdapterReader(PeftConfig config, SafetensorsFile file, ModelConfig model)
    {
        _config = config;
        _file = file;
        FindNames();
        UngatheredTensors.Refuse(file, _names.Values);
        _model = model;
        _targets = PeftTargets.Adapted(config, _model, _notes);
        CheckTensors();
    }

    public static LoraAdapter Load(string directory, ModelConfig model)
    {
        CheckDirectory(directory);
        var config = PeftConfig.Load(Path.Combine(directory, PeftConfig.FileName));
        var path = TensorsOf(directory);
        using var file = SafetensorsFile.Open(path);
        return Read(config, file, model, ContentHash.OfFile(path));
    }

    /// <summary>Classes of the head in an adapter's file, or null where none is in it.</summary>
    public static int? Classes(string directory, ModelConfig model)
    {
        CheckDirectory(directory);
        using var file = SafetensorsFile.Open(TensorsOf(directory));
        return file.Names
            .Where(name => PeftTensorName.Parse(WrapperPrefixes.Strip(name, PeftTensorName.Prefix)) is { Role: PeftRole.Replacement } place
            && place.Target == model.Layout.Head.Last.Weight)
            .Select(name => file.ShapeOf(name)).Where(shape => shape.Count == 2).Select(shape => (int?)shape[0]).FirstOrDefault();
    }

    private static string TensorsOf(string directory)
    {
        var path = Path.Combine(directory, TensorsFileName);
        if (!File.Exists(path))
        {
            throw InputException.InFile(path, "no such file.", File.Exists(Path.Combine(directory, PickleFileName))
                ? $"{PickleFileName} is a pickle, which can run code when it is opened; convert it with: {PickleConversion(directory)}"
                : $"an adapter is a directory with {PeftConfig.FileName} and {TensorsFileName}, as peft saves it.");
        }

        return path;
    }

    /// <summary>Reads the tensors of an open file.</summary>
    public static LoraAdapter Read(PeftConfig config, SafetensorsFile file, ModelConfig model, string? contentHash) =>
        new PeftAdapterReader(config, file, model).ReadTensors(contentHash);

    private static void CheckDirectory(string directory)
    {
        if (PathKinds.Of(directory) is var kind && kind is PathKind.Missing or PathKind.File or PathKind.Checkpoint or PathKind.OnnxModel
                or PathKind.Sweep or PathKind.RunsOfValues
            || kind is PathKind.Run && !Directory.Exists(Path.Combine(directory, RunDirectory.AdapterFolder)))
        {
            throw PathKinds.Instead(directory, "an adapter", PeftConfig.FileName, _ => kind is PathKind.Run
                ? "this run trained a head alone: lora-merge --run takes it."
                : $"an adapter is a directory with {PeftConfig.FileName} and {TensorsFileName}, as peft saves it.");
        }

        if (!File.Exists(Path.Combine(directory, PeftConfig.FileName))
            && Directory.EnumerateFiles(directory, PeftConfig.FileName,
                new EnumerationOptions
                {
                    RecurseSubdirectories = true,
                    MaxRecursionDepth = 1,
                }).Order(StringComparer.Ordinal).FirstOrDefault() is { } inner)
        {
            throw InputException.InFile(directory, $"has no {PeftConfig.FileName}.",
                $"peft saves named adapters in folders of their own: use {Path.GetDirectoryName(inner)}.");
        }
    }

    private static string PickleConversion(string directory)
    {
        var stem = Path.Combine(directory, "adapter_model").Replace('\\', '/').Replace("'", "\\'", StringComparison.Ordinal);
        return $"python3 -c \"import torch, safetensors.torch as s; s.save_file({{k: v.clone().contiguous() for k, v in torch.load('{stem}.bin', "
            + "map_location='cpu', "
            + $"weights_only=True).items()}}, '{stem}.safetensors', metadata={{'format': 'pt'}})\"";
    }

    private void FindNames()
    {
        var copies = new List<(PeftTensorName Place, string Name)>();
        foreach (var name in _file.Names)
        {
            var plain = WrapperPrefixes.Strip(name, PeftTensorName.Prefix);
            if (plain != name && _notes.Count == 0)
            {
                _notes.Add(WrapperPrefixes.Note(_file.Path, name));
            }

            var place = PeftTensorName.Parse(plain);
            if (place.Role == PeftRole.Copy)
            {
                copies.Add((place with { Role = PeftRole.Replacement }, name));
            }
            else if (place.Role != PeftRole.Ignored && !_names.TryAdd(place, name))
            {
                throw InputException.InFile(_file.Path, $"tensors '{_names[place]}' and '{name}' are for the same place.",
                    "save one adapter per directory.");
            }
        }

        foreach (var (place, name) in copies)
        {
            _names.TryAdd(place, name);
        }
    }

    private void CheckTensors()
    {
        var expected = Expected().DistinctBy(item => item.Place).ToDictionary(item => item.Place, item => item.Shape); // modules may share one
        var missing = expected.Keys.Where(place => !_names.ContainsKey(place)).ToList();
        if (missing.Count > 0)
        {
            CheckHeadWasSaved(missing);
            throw InputException.InFile(_file.Path,
                $"tensor '{FileName(missing[0])}' {NamedTensor.Describe(expected[missing[0]])} is missing{AndMore(missing.Count - 1)}; "
                + $"{PeftConfig.FileName} asks for it (target_modules {PeftTargets.DescribeTargets(_config)}).",
                $"the adapter is not whole, or {PeftConfig.FileName} is not its own.");
        }

        // The word embedding is there when the adapter was saved with save_embedding_layers.
        var embedding = _model.Layout.Embeddings.Words;
        expected.TryAdd(new(PeftRole.Replacement, embedding.Key), embedding.Shape);
        var unexpected = _names.Where(pair => !expected.ContainsKey(pair.Key)).Select(pair => pair.Value).ToList();
        if (unexpected.Count > 0)
        {
            throw InputException.InFile(_file.Path,
                $"tensor '{unexpected[0]}' is not expected{AndMore(unexpected.Count - 1)}; {PeftConfig.FileName} (target_modules "
                    + $"{PeftTargets.DescribeTargets(_config)}) does not ask for it in this model.",
                unexpected[0].Contains("lora_embedding_", StringComparison.Ordinal) ? "LoRA on embeddings is not supported."
                    : $"the adapter belongs to another model, or {PeftConfig.FileName} is not its own.");
        }

        foreach (var (place, name) in _names)
        {
            if (!_file.ShapeOf(name).SequenceEqual(expected[place]))
            {
                throw InputException.InFile(_file.Path,
                    $"tensor '{name}' is {NamedTensor.Describe(_file.ShapeOf(name))}; {PeftConfig.FileName} and the model imply "
                        + $"{NamedTensor.Describe(expected[place])}.",
                    place.Role == PeftRole.Replacement
                        ? "the adapter was trained on a model of another size, or with other labels."
                        : "rank or model are not those of the adapter.");
            }
        }
    }

    /// <summary>Where only the head is missing, that is the cause, and neither targets nor model.</summary>
    private void CheckHeadWasSaved(List<PeftTensorName> missing)
    {
        var head = _model.Layout.Head.Keys;
        if (_config.IsClassification && missing.TrueForAll(place => place.Role == PeftRole.Replacement && head.Contains(place.Target)))
        {
            throw InputException.InFile(_file.Path,
                $"has no trained head: tensor '{FileName(missing[0])}' is missing{AndMore(missing.Count - 1)}; 'task_type' of "
                    + $"{PeftConfig.FileName} is a classification (SEQ_CLS), which asks for a head.",
                "save the adapter again from the trained model, whose head peft then saves with it; where the base's own head is meant, set "
                    + $"\"task_type\": null and \"modules_to_save\": null in {PeftConfig.FileName}.");
        }
    }

    /// <summary>Every tensor the config implies, with its shape.</summary>
    private IEnumerable<(PeftTensorName Place, IReadOnlyList<int> Shape)> Expected()
    {
        foreach (var target in _targets)
        {
            foreach (var key in _config.Kind.FileKeys(_config.LoraBias))
            {
                yield return (PlaceOf(key, target), key.Shape(new AdapterSize(target.Rank, target.Linear.Out, target.Linear.In)));
            }
        }

        foreach (var spec in Replaced())
        {
            yield return (new(PeftRole.Replacement, spec.Key), spec.Shape);
        }
    }

    /// <summary>The base's tensors that the adapter replaces, in the order of the checkpoint.</summary>
    private IEnumerable<TensorSpec> Replaced()
    {
        var saved = PeftTargets.SavedTensors(_config, _model);
        var adapted = _targets.Select(target => target.Linear.Name).ToHashSet(StringComparer.Ordinal);
        if (adapted.FirstOrDefault(module => saved.Contains($"{module}.weight")) is { } both)
        {
            throw InputException.InFile(_config.Path, $"'{both}' is both in 'target_modules' and, by the end of its name, in 'modules_to_save' "
                + $"[{string.Join(", ", _config.ModulesToSave)}].",
                "peft has no such adapters; leave one of them out.");
        }

        foreach (var spec in _model.Layout.Tensors)
        {
            var isBias = spec.Key.EndsWith(".bias", StringComparison.Ordinal);
            var isBrought = isBias && _config.Bias switch
            {
                PeftBias.All => true,
                PeftBias.LoraOnly => adapted.Contains(spec.Key[..^".bias".Length]),
                _ => false,
            };
            if (isBrought || saved.Contains(spec.Key))
            {
                yield return spec;
            }
        }
    }

    private LoraAdapter ReadTensors(string? contentHash)
    {
        var modules = _targets.Select(target => _config.Kind.Compose(target.Linear, target.Scale, key => Read(PlaceOf(key, target)))).ToList();
        var replacements = _model.Layout.Tensors.Select(spec => Read(new(PeftRole.Replacement, spec.Key))).OfType<NamedTensor>().ToList();
        return new LoraAdapter(modules, replacements)
        {
            Directory = Path.GetDirectoryName(_config.Path),
            Warnings = [.. _config.Warnings, .. _notes],
            ContentHash = contentHash,
        };
    }

    /// <summary>Replacements are named by their checkpoint key, the others as peft writes them.</summary>
    private NamedTensor? Read(PeftTensorName place)
    {
        if (!_names.TryGetValue(place, out var name))
        {
            return null;
        }

        var tensor = _file.Read(name);
        return new NamedTensor(place.Role == PeftRole.Replacement ? place.Target : FileName(place), tensor.Shape, tensor.Values);
    }

    private static PeftTensorName PlaceOf(AdapterKey key, PeftTarget target) => new(PeftRole.Adapter, key.NameIn(target.Linear.Name));

    /// <summary>The name as peft writes it.</summary>
    private string FileName(PeftTensorName place) => PeftTensorName.Prefix + place.Role switch
    {
        PeftRole.Replacement when place.Target.EndsWith(".bias", StringComparison.Ordinal)
            && _targets.Any(target => target.Linear.Name == place.Target[..^5]) => $"{place.Target[..^5]}.base_layer.bias",
        _ => place.Target,
    };

    private static string AndMore(int count) => count > 0 ? $", and {count} more" : "";
}
