using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Graph;

/// <summary>Initializers by name, in the form in which a graph will use them: fp32 or fp16 under the checkpoint's keys, or 8-bit codes and scales beside them.</summary>
internal sealed class WeightSet(IReadOnlyDictionary<string, TensorProto> tensors)
{
    public static WeightSet Of(ModelWeights weights) =>
        new(weights.Tensors.ToDictionary(tensor => tensor.Name, Tensors.Of, StringComparer.Ordinal));

    /// <summary>The weights of a model file, or null when one of the checkpoint's tensors is not there under its key in its shape.</summary>
    public static WeightSet? TryRead(ModelProto model, DistilBertConfig config)
    {
        var tensors = model.Graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var complete = DistilBertTensors.All(config).All(spec => tensors.TryGetValue(spec.Key, out var tensor)
            && tensor.DataType == (int)TensorProto.Types.DataType.Float
            && tensor.HasRawData
            && tensor.Dims.SequenceEqual(spec.Shape.Select(length => (long)length)));
        return complete ? new WeightSet(tensors) : null;
    }

    public IEnumerable<TensorProto> All => tensors.Values;

    public TensorProto this[string name] => tensors[name];

    public bool Has(string name) => tensors.ContainsKey(name);
}
