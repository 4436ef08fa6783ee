using System.Numerics.Tensors;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Graph;

/// <summary>
/// Initializers by name, in the form in which a graph will use them: fp32 or fp16 under the checkpoint's keys; in the 8-bit forms most weights of the
/// layers are replaced by <c>KEY.codes</c> and <c>KEY.scales</c>, while embeddings, norms, biases, the head and the matrices that decide most stay
/// fp32.
/// </summary>
internal sealed class WeightSet
{
    private readonly IReadOnlyDictionary<string, TensorProto> _tensors;

    private WeightSet(IReadOnlyDictionary<string, TensorProto> tensors, Precision precision)
    {
        _tensors = tensors;
        Precision = precision;
    }

    public Precision Precision { get; }

    public IEnumerable<TensorProto> All => _tensors.Values;

    public TensorProto this[string name] => _tensors[name];

    /// <summary>Whether a weight is here as 8-bit codes.</summary>
    public bool IsRounded(string weight) => _tensors.ContainsKey(Codes(weight));

    /// <summary>Name of a weight's 8-bit codes.</summary>
    public static string Codes(string weight) => $"{weight}.codes";

    /// <summary>Name of the factors that make weights of the codes.</summary>
    public static string Scales(string weight) => $"{weight}.scales";

    public static WeightSet Of(ModelWeights weights) =>
        new(Stored(weights.Config).Select(spec => Tensors.Of(Stored(weights, spec))).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal),
            Precision.Fp32);

    /// <summary>The weights of a model file in whichever precision they are, or null when one of the checkpoint's tensors is not there in its
    /// shape.</summary>
    public static WeightSet? TryRead(ModelProto model, ModelConfig config)
    {
        var tensors = model.Graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var precision in Enum.GetValues<Precision>())
        {
            if (Expected(config, precision).All(spec => tensors.TryGetValue(spec.Name, out var tensor)
                && tensor.DataType == (int)spec.Type && tensor.HasRawData && tensor.Dims.SequenceEqual(spec.Dims)))
            {
                return new WeightSet(tensors, precision);
            }
        }

        return null;
    }

    /// <summary>The same weights in another precision that <see cref="PrecisionName.CanMake"/> allows.</summary>
    public WeightSet To(Precision precision, ModelConfig config)
    {
        if (precision == Precision)
        {
            return this;
        }

        if (Precision == Precision.Fp16 && precision != Precision.Fp32)
        {
            return To(Precision.Fp32, config).To(precision, config);
        }

        var changed = new Dictionary<string, TensorProto>(StringComparer.Ordinal);
        foreach (var spec in Stored(config))
        {
            if (precision == Precision.Fp32 || precision == Precision.Fp16)
            {
                changed[spec.Key] = precision == Precision.Fp32 ? HalfWeights.Widen(this[spec.Key]) : HalfWeights.Narrow(this[spec.Key]);
            }
            else if (IsRounded(spec, precision, config))
            {
                foreach (var part in precision == Precision.Int8 ? BlockWeights.Quantize(this[spec.Key]) : ColumnWeights.Quantize(this[spec.Key]))
                {
                    changed[part.Name] = part;
                }
            }
            else
            {
                changed[spec.Key] = this[spec.Key];
            }
        }

        return new WeightSet(changed, precision);
    }

    private static IEnumerable<(string Name, DataType Type, IEnumerable<long> Dims)> Expected(ModelConfig config, Precision precision)
    {
        foreach (var spec in Stored(config))
        {
            if (IsRounded(spec, precision, config))
            {
                var (outputs, inputs) = (spec.Shape[0], spec.Shape[1]);
                foreach (var part in precision == Precision.Int8
                    ? BlockWeights.Parts(spec.Key, outputs, inputs)
                    : ColumnWeights.Parts(spec.Key, outputs, inputs))
                {
                    yield return part;
                }
            }
            else
            {
                yield return (spec.Key, precision == Precision.Fp16 ? DataType.Float16 : DataType.Float, spec.Shape.Select(length => (long)length));
            }
        }
    }

    /// <summary>
    /// Whether a precision keeps a tensor in 8 bits: the matrices of the layers, where the time goes. Not those that the serving graph multiplies
    /// with [CLS] alone, which cost nothing, nor in int8 the values' matrix, a twelfth of the work, whose rounding moved the answers of models/demo
    /// most for its size. The head is small and decides.
    /// </summary>
    private static bool IsRounded(TensorSpec spec, Precision precision, ModelConfig config)
    {
        if (precision is not (Precision.Int8 or Precision.Int8Dynamic)
            || config.Layout.Blocks.FirstOrDefault(block => block.Linears.Any(linear => linear.Weight == spec.Key)) is not { } block)
        {
            return false;
        }

        var isValues = spec.Key == block.Value.Weight;
        var readsEveryToken = isValues || spec.Key == block.Key.Weight || block != config.Layout.Blocks[^1];
        return readsEveryToken && !(isValues && precision == Precision.Int8);
    }

    /// <summary>The tensors that a file holds: the checkpoint's, but for token types, of which a text of its own takes one row.</summary>
    private static IEnumerable<TensorSpec> Stored(ModelConfig config) =>
        config.Layout.Tensors.Where(spec => spec.Key != config.Layout.Embeddings.TokenTypes?.Key);

    /// <summary>The tensor of a file: the checkpoint's; row 0 of the token types is added to each position.</summary>
    private static NamedTensor Stored(ModelWeights weights, TensorSpec spec)
    {
        var (tensor, embeddings) = (weights[spec.Key], weights.Config.Layout.Embeddings);
        if (spec.Key != embeddings.Positions.Key || embeddings.TokenTypes is not { } types)
        {
            return tensor;
        }

        var type = weights[types.Key].Values.AsSpan(0, weights.Config.Shape.Width);
        var sums = new float[tensor.Values.Length];
        for (var start = 0; start < sums.Length; start += type.Length)
        {
            TensorPrimitives.Add(tensor.Values.AsSpan(start, type.Length), type, sums.AsSpan(start));
        }

        return new NamedTensor(tensor.Name, tensor.Shape, sums);
    }
}
