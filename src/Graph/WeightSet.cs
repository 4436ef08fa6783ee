using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Checkpoints;

namespace LoraOnnx.Graph;

/// <summary>Initializers by name, in the form in which a graph will use them: fp32 or fp16 under the checkpoint's keys, or 8-bit codes and scales beside them.</summary>
internal sealed class WeightSet(IReadOnlyDictionary<string, TensorProto> tensors)
{
    public static WeightSet Of(ModelWeights weights) =>
        new(weights.Tensors.ToDictionary(tensor => tensor.Name, Tensors.Of, StringComparer.Ordinal));

    public IEnumerable<TensorProto> All => tensors.Values;

    public TensorProto this[string name] => tensors[name];

    public bool Has(string name) => tensors.ContainsKey(name);
}
