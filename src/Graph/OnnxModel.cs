using Google.Protobuf;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Graph;

/// <summary>An ONNX file read into memory, to be served in another shape.</summary>
public sealed class OnnxModel
{
    private readonly ModelProto _model;

    private OnnxModel(ModelProto model)
    {
        _model = model;
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in model.MetadataProps)
        {
            metadata[entry.Key] = entry.Value;
        }

        Metadata = metadata;
    }

    /// <summary>The file's metadata_props.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>True for a file that this toolkit wrote: its graph is then the one that its weights imply.</summary>
    public bool IsOurs => _model.ProducerName == GraphBuilder.Producer;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InputException">The file is missing or not an ONNX model.</exception>
    public static OnnxModel Read(string path)
    {
        try
        {
            using var stream = ForeignFile.Open(path);
            var model = ModelProto.Parser.ParseFrom(stream);
            return model.Graph is { Node.Count: > 0 } ? new OnnxModel(model) : throw NotOnnx(path, "it has no graph.", null);
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

    /// <summary>The precision of the file's weights, or null when its initializers are not the checkpoint's tensors.</summary>
    public Precision? PrecisionFor(ModelConfig config) => WeightSet.TryRead(_model, config)?.Precision;

    /// <summary>The serving-shaped model over the same weights, in a precision that can be made of the file's; null when the file's initializers are not the checkpoint's tensors.</summary>
    public byte[]? ToServingModel(ModelConfig config, Precision precision) =>
        WeightSet.TryRead(_model, config) is { } weights ? ServingGraph.Build(config, weights.To(precision, config)).ToByteArray() : null;

    /// <summary>The portable model over the same weights in another precision; null as above.</summary>
    public byte[]? ToPortableModel(ModelConfig config, Precision precision) =>
        WeightSet.TryRead(_model, config) is { } weights
            ? PortableGraph.Build(config, weights.To(precision, config), OnnxModelFile.DefaultOpset, Metadata).ToByteArray()
            : null;

    private static InputException NotOnnx(string path, string reason, Exception? inner) =>
        InputException.InFile(path, $"is not an ONNX model: {reason}", "the file is damaged or of another kind; write it again with lora-merge.", inner);
}
