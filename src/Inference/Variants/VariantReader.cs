using System.Globalization;
using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text;
using LoraOnnx.Graph;
using LoraOnnx.Kernels.Adapters;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Variants;

/// <summary>
/// Reads a variant's files and checks that they fit the base: what was not checked here would be a silent difference in the answers.
/// </summary>
internal sealed class VariantReader(VariantBase shared, ModelDescription ofBase)
{
    private static readonly string _merge = "merge it with lora-merge and serve the file.";

    /// <exception cref="InputException">The files are wrong, belong to another base, or hold what cannot be served without a merge.</exception>
    public ModelVariant Read(VariantSource source)
    {
        var notes = new List<string>();
        var files = VariantFiles.Find(source);
        CheckBase(source, files, notes);
        var (task, brings) = TaskOf(files);
        var config = shared.Config.WithTask(task);
        var adapter = files.Adapter is { } directory ? LoraAdapter.Load(directory, config) : null;
        CheckAdapter(adapter, source);
        notes.AddRange(adapter?.Warnings ?? []);
        var head = HeadOf(files, config, adapter);
        if (!brings && task.Labels.Count != shared.Config.Task.Labels.Count)
        {
            throw InputException.InFile(files.Root,
                $"{ModelConfig.FileName} names {task.Labels.Count} labels, and the base's head has {shared.Config.Task.Labels.Count}.",
                "the adapter brings no head of its own; leave the file out.");
        }

        return new VariantBuilder(shared, config, source.Weight).Build(adapter, head, (memory, changes, linears) =>
            new ModelVariant(Describe(source, files, config, adapter, memory), memory, changes, linears, notes));
    }

    private void CheckBase(VariantSource source, VariantFiles files, List<string> notes)
    {
        if (ofBase.Metadata.ContainsKey(OnnxMetadata.AdapterHashes))
        {
            throw InputException.InFile(source.Path, $"the base {ofBase.Path} has an adapter merged into it already.",
                "name the file of the raw base: lora-merge --model BASE --out onnx/raw/model.onnx.");
        }

        switch (files.BaseHash, ofBase.Metadata.GetValueOrDefault(OnnxMetadata.BaseHash))
        {
            case ({ } trained, { } served) when !trained.Equals(served, StringComparison.OrdinalIgnoreCase):
                throw InputException.InFile(source.Path,
                    $"was trained on a base with other weights ({Short(trained)}) than {ofBase.Path} ({Short(served)}).",
                    "serve it on its own base: name it with @BASE.");
            case (null, _):
                notes.Add($"{source.Path}: its files do not say which base it was trained on; only names and sizes of its tensors were checked.");
                break;
            case (_, null):
                notes.Add($"{source.Path}: the base {ofBase.Path} does not say which weights it has; only names and sizes of tensors were checked.");
                break;
            default:
                break;
        }
    }

    private static string Short(string hash) => hash[..Math.Min(12, hash.Length)];

    /// <summary>
    /// The classes of a variant, and whether it brings a head for them: named by config.json beside it, by its run, or else numbered.
    /// </summary>
    private (ClassificationTask Task, bool BringsHead) TaskOf(VariantFiles files)
    {
        var (own, last) = (shared.Config.Task, shared.Config.Layout.Head.Last);
        var brought = files.Head is { } head ? HeadFile.Classes(head, shared.Config)
            : LoraAdapter.Classes(files.Adapter!, shared.Config); // one of both
        var classes = brought ?? own.Labels.Count;
        if (File.Exists(Path.Combine(files.Root, ModelConfig.FileName)))
        {
            var named = ModelConfig.Load(files.Root).Task;
            return brought is null || named.Labels.Count == classes ? (named, brought is not null)
                : throw InputException.InFile(Path.Combine(files.Root, ModelConfig.FileName),
                    $"names {named.Labels.Count} labels; '{last.Weight}' beside it is for {classes}.");
        }

        if (classes == own.Labels.Count)
        {
            return (own, brought is not null);
        }

        var ofRun = files.Run?.Record.Data.Select(data => data.Classes.Keys.ToList()).FirstOrDefault(labels => labels.Count == classes);
        return (own with
        {
            Labels = ofRun ?? [.. Enumerable.Range(0, classes).Select(label =>
            string.Create(CultureInfo.InvariantCulture, $"LABEL_{label}"))]
        }, true);
    }

    private static void CheckAdapter(LoraAdapter? adapter, VariantSource source)
    {
        if (adapter is null)
        {
            return;
        }

        NeedsMerge.Refuse(adapter, source.Path, _merge);
        if (adapter.Modules.FirstOrDefault(module => module.Rank > LinearChange.LargestRank) is { } large)
        {
            throw InputException.InFile(source.Path, $"'{large.Module}' has rank {large.Rank}; at most {LinearChange.LargestRank} is served.",
                _merge);
        }

        if (source.Weight != 0 && adapter.Replacements.Count == 0
            && adapter.Modules.All(module => IsZero(module.B) && (module.BBias is null || IsZero(module.BBias)) || module.Scale == 0))
        {
            throw InputException.InFile(source.Path, "the adapter changes nothing: scale·B·A is zero in every module.",
                "it was saved before training, or its weights were lost; name the base to serve the base.");
        }
    }

    private static bool IsZero(NamedTensor tensor) => TensorPrimitives.MaxMagnitude<float>(tensor.Values) == 0;

    /// <summary>The tensors of the head that are the variant's own, by key.</summary>
    private static Dictionary<string, NamedTensor> HeadOf(VariantFiles files, ModelConfig config, LoraAdapter? adapter)
    {
        var keys = VariantNodes.Head(config.Layout).SelectMany(step => step.Linear.Tensors).Select(spec =>
            spec.Key).ToHashSet(StringComparer.Ordinal);
        var own = (adapter?.Replacements ?? []).Where(tensor => keys.Contains(tensor.Name)).ToDictionary(tensor => tensor.Name,
            StringComparer.Ordinal);
        foreach (var tensor in files.Head is { } head ? HeadFile.ReadWithPooler(head, config) : [])
        {
            own[tensor.Name] = tensor;
        }

        return own;
    }

    private ModelDescription Describe(VariantSource source, VariantFiles files, ModelConfig config, LoraAdapter? adapter, VariantMemory memory)
    {
        var head = files.Head is null ? null : ContentHash.OfFile(Path.Combine(files.Head, Checkpoint.WeightsFileName));
        var weight = source.Weight.ToString(CultureInfo.InvariantCulture);
        var settings = files.Adapter is null ? "" : ContentHash.OfFile(Path.Combine(files.Adapter, VariantSource.AdapterConfig));
        var parts = string.Join('\n', ofBase.Hash, adapter?.ContentHash, settings, head, weight, string.Join('\n', config.Task.Labels));
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [OnnxMetadata.Method] = OnnxMetadata.MethodOf(adapter is not null, head is not null || adapter?.Replacements.Count > 0),
            [OnnxMetadata.BaseModel] = ofBase.Metadata.GetValueOrDefault(OnnxMetadata.BaseModel, ""),
            [OnnxMetadata.BaseHash] = ofBase.Metadata.GetValueOrDefault(OnnxMetadata.BaseHash, ""),
            [OnnxMetadata.Precision] = EnumNames.Of(ofBase.Precision),
        };
        if (adapter is not null)
        {
            metadata[OnnxMetadata.AdapterHashes] = adapter.ContentHash ?? "";
            metadata[OnnxMetadata.AdapterWeights] = weight;
            metadata[OnnxMetadata.Rank] = string.Join(',', adapter.Modules.Select(module => module.Rank).Distinct().Order());
        }

        if (head is not null)
        {
            metadata[OnnxMetadata.HeadHash] = head;
        }

        return ofBase with
        {
            Path = source.Path,
            Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(parts))),
            Bytes = memory.Bytes,
            Config = config,
            MaxTokens = Math.Min(ofBase.MaxTokens, files.Run?.Record.MaxLength ?? int.MaxValue),
            Truncation = EnumNames.Parse<Truncation>(files.Run?.Record.Truncate) ?? ofBase.Truncation,
            Metadata = metadata,
        };
    }
}
