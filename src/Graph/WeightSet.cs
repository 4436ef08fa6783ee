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

    private WeightSet(IReadOnlyDictionary<string, TensorProto> tensors, Precision precision, bool hasTokenTypes = false)
    {
        _tensors = tensors;
        Precision = precision;
        HasTokenTypes = hasTokenTypes;
    }

    public Precision Precision { get; }

    /// <summary>Whether the rows of the token types are a tensor of their own, which a graph with the third input takes; else row 0 is in the
    /// positions.</summary>
    public bool HasTokenTypes { get; }

    public IEnumerable<TensorProto> All => _tensors.Values;

    public TensorProto this[string name] => _tensors[name];

    /// <summary>Whether a weight is here as 8-bit codes.</summary>
    public bool IsRounded(string weight) => _tensors.ContainsKey(Codes(weight));

    /// <summary>Name of a weight's 8-bit codes.</summary>
    public static string Codes(string weight) => $"{weight}.codes";

    /// <summary>Name of the factors that make weights of the codes.</summary>
    public static string Scales(string weight) => $"{weight}.scales";

    public static WeightSet Of(ModelWeights weights)
    {
        var set = AsInCheckpoint(weights);
        return set.HasTokenTypes ? set.WithTypeInPositions(weights.Config) : set;
    }

    /// <summary>The same with the token types as a tensor of their own, where there are several to choose from.</summary>
    public static WeightSet WithTokenTypes(ModelWeights weights) =>
        weights.Config.Layout.Embeddings.TokenTypes is { Shape: [> 1, ..] } ? AsInCheckpoint(weights) : Of(weights);

    /// <summary>The weights of a model file in whichever precision they are, or null when one of the checkpoint's tensors is not there in its
    /// shape; token types are in the positions, as graphs without the third input take them.</summary>
    public static WeightSet? TryRead(ModelProto model, ModelConfig config) =>
        TryReadAsStored(model, config) switch
        {
            { HasTokenTypes: true } set => set.WithTypeInPositions(config),
            var set => set,
        };

    /// <summary>The same as the file has them.</summary>
    public static WeightSet? TryReadAsStored(ModelProto model, ModelConfig config)
    {
        var tensors = new Dictionary<string, TensorProto>(StringComparer.Ordinal);
        if (!model.Graph.Initializer.All(tensor => tensors.TryAdd(tensor.Name, tensor)))
        {
            return null; // which of two is meant is for the runtime to say
        }

        foreach (var precision in Enum.GetValues<Precision>())
        {
            if (Expected(config, precision).All(spec => IsThere(spec)))
            {
                var hasTypes = precision != Precision.Fp16 && config.Layout.Embeddings.TokenTypes is { } types
                    && IsThere((types.Key, DataType.Float, types.Shape.Select(length => (long)length)));
                return new WeightSet(tensors, precision, hasTypes);
            }
        }

        return null;

        bool IsThere((string Name, DataType Type, IEnumerable<long> Dims) spec) => tensors.TryGetValue(spec.Name, out var tensor)
            && tensor.DataType == (int)spec.Type && tensor.HasRawData && tensor.Dims.SequenceEqual(spec.Dims);
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
        foreach (var spec in HasTokenTypes ? config.Layout.Tensors : Stored(config))
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

        return new WeightSet(changed, precision, HasTokenTypes);
    }

    private static WeightSet AsInCheckpoint(ModelWeights weights) => new(
        weights.Config.Layout.Tensors.Select(spec => Tensors.Of(weights[spec.Key])).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal),
        Precision.Fp32, weights.Config.Layout.Embeddings.TokenTypes is not null);

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

    /// <summary>Row 0 of the token types, which a text of its own takes, added to each position.</summary>
    private WeightSet WithTypeInPositions(ModelConfig config)
    {
        var (positions, types) = (this[config.Layout.Embeddings.Positions.Key], this[config.Layout.Embeddings.TokenTypes!.Value.Key]);
        var sums = Tensors.Values<float>(positions).ToArray();
        var type = Tensors.Values<float>(types)[..config.Shape.Width];
        for (var start = 0; start < sums.Length; start += type.Length)
        {
            TensorPrimitives.Add(sums.AsSpan(start, type.Length), type, sums.AsSpan(start));
        }

        var tensors = _tensors.Where(entry => entry.Key != types.Name).ToDictionary(StringComparer.Ordinal);
        tensors[positions.Name] = Tensors.Of(new NamedTensor(positions.Name, [.. positions.Dims.Select(length => (int)length)], sums));
        return new WeightSet(tensors, Precision);
    }
}
