using System.Security.Cryptography;
using Google.Protobuf;
using LoraOnnx.Graph.Gradients;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Graph;

/// <summary>An ONNX file read into memory, once: hash, weights and graph are of the same bytes, whatever happens to the file meanwhile.</summary>
public sealed class OnnxModel
{
    private readonly ModelProto _model;

    private OnnxModel(ModelProto model, string hash, long bytes)
    {
        (_model, Hash, Bytes) = (model, hash, bytes);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in model.MetadataProps)
        {
            metadata[entry.Key] = entry.Value;
        }

        Metadata = metadata;
        Interface = OnnxInterface.Of(model);
    }

    /// <summary>SHA-256 of the file; where it keeps numbers in other files, of its hash and theirs.</summary>
    public string Hash { get; }

    /// <summary>Size of the file and of those that it keeps numbers in.</summary>
    public long Bytes { get; }

    /// <summary>The file's metadata_props.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>What it takes and gives.</summary>
    public OnnxInterface Interface { get; }

    /// <summary>Reads a file, and the files beside it that it keeps numbers in.</summary>
    /// <exception cref="InputException">The file is missing or not an ONNX model.</exception>
    public static OnnxModel Read(string path)
    {
        try
        {
            using var sha = SHA256.Create();
            using var stream = ForeignFile.Open(path);
            using var hashed = new CryptoStream(stream, sha, CryptoStreamMode.Read);
            var model = ModelProto.Parser.ParseFrom(hashed); // to the end of the file
            if (model.Graph is not { Node.Count: > 0 })
            {
                throw NotOnnx(path, "it has no graph.", null);
            }

            var external = new ExternalData(path, model).Load();
            var bytes = stream.Length + external.Sum(file => file.Bytes);
            if (bytes > OnnxModelFile.LargestWeights && external.Count > 0)
            {
                throw InputException.InFile(path,
                    $"has {bytes >> 20} MiB with the files beside it; a model of at most {OnnxModelFile.LargestWeights >> 20} MiB can be loaded.",
                    "lora-merge --precision fp16 or int8 makes a smaller file.");
            }

            return new OnnxModel(
                model, Convert.ToHexStringLower(
                    external.Count == 0 ? sha.Hash! : SHA256.HashData([.. sha.Hash!, .. external.SelectMany(file => file.Hash)])), bytes);
        }
        catch (InvalidProtocolBufferException failure)
        {
            throw NotOnnx(path, failure.Message, failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unreadable(path, failure);
        }
    }

    /// <summary>The model as one message, as it was read, for a session.</summary>
    public byte[] ToBytes() => _model.ToByteArray();

    /// <summary>The precision of the file's weights, or null when its initializers are not the checkpoint's tensors.</summary>
    public Precision? PrecisionFor(ModelConfig config) => WeightSet.TryRead(_model, config)?.Precision;

    /// <summary>
    /// Null where the file's graph is provably the one that its weights and this configuration imply, so that the serving-shaped graph computes the
    /// same; else why it isn't, as the rest of a sentence.
    /// </summary>
    public string? WhyNotGraphOf(ModelConfig config)
    {
        if (WeightSet.TryReadAsStored(_model, config) is not { } weights)
        {
            return "its initializers are not the checkpoint's tensors";
        }

        var hash = GraphIdentity.Hash(_model);
        if (Metadata.TryGetValue(OnnxMetadata.GraphHash, out var written) && written != hash)
        {
            return "its graph was changed after lora-merge wrote it";
        }

        foreach (var (key, value) in OnnxMetadata.OfGraph(config))
        {
            if (Metadata.TryGetValue(key, out var shape) && shape != value)
            {
                return $"config.json beside it says {value}, the file {shape}";
            }
        }

        return Interface.Opset is >= OnnxModelFile.LowestOpset and <= OnnxModelFile.HighestOpset
            && GraphIdentity.Hash(PortableGraph.Build(config, weights, (int)Interface.Opset, [])) == hash ? null
            : "its graph is not the one that lora-merge writes for its weights and config.json";
    }

    /// <summary>The serving-shaped model over the same weights, in a precision that can be made of the file's; null when the file's initializers are
    /// not the checkpoint's tensors.</summary>
    public byte[]? ToServingModel(ModelConfig config, Precision precision) =>
        WeightSet.TryRead(_model, config) is { } weights ? ServingGraph.Build(config, weights.To(precision, config)).ToByteArray() : null;

    /// <summary>The same for adapters; null as above.</summary>
    public VariantModel? ToVariantModel(ModelConfig config, Precision precision, bool usesKernels) =>
        WeightSet.TryRead(_model, config) is { } weights
            ? VariantModel.Of(config, weights, precision, usesKernels)
            : null;

    /// <summary>The same for kernels; null as above.</summary>
    public KernelModel? ToKernelModel(ModelConfig config, Precision precision) =>
        WeightSet.TryRead(_model, config) is { } weights ? KernelModel.Of(config, weights, precision) : null;

    /// <summary>The graph that explains, of weights in fp32 or fp16; null as above.</summary>
    public byte[]? ToExplainingModel(ModelConfig config) =>
        WeightSet.TryRead(_model, config) is { } weights ? ExplanationGraph.Build(config, weights.To(Precision.Fp32, config)).ToByteArray() : null;

    /// <summary>The portable model over the same weights in another precision; null as above.</summary>
    public byte[]? ToPortableModel(ModelConfig config, Precision precision) =>
        WeightSet.TryRead(_model, config) is { } weights
            ? PortableGraph.Build(config, weights.To(precision, config), OnnxModelFile.DefaultOpset, Metadata).ToByteArray()
            : null;

    private static InputException NotOnnx(string path, string reason, Exception? inner)
    {
        if (path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            return InputException.InFile(path, $"is not an ONNX model: {reason}",
                "the file is damaged or of another kind; write it again with lora-merge.", inner);
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!; // a file always has a directory
        return InputException.InFile(path, "is not an ONNX model, whose name would end in .onnx.", PathKinds.Of(folder) switch
        {
            PathKind.OnnxModel => $"name the directory that the model is in: {folder}.",
            PathKind.Run => $"lora-merge makes one of a run: lora-merge --run {folder} --out model.onnx.",
            PathKind.Checkpoint => $"lora-merge makes one of a checkpoint: lora-merge --model {folder} --out model.onnx.",
            _ => "give an ONNX file of lora-merge or its directory.",
        }, inner);
    }
}
