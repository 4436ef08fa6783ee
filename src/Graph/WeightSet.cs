using System.Numerics.Tensors;
using LoraOnnx.Graph.Forms;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Graph.Rounding;
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

    /// <summary>The form in which a weight is here.</summary>
    public WeightForm FormOf(string weight) => WeightForm.Of(IsRounded(weight) ? Precision : Precision.Fp32);

    /// <summary>Whether a weight is here as 8-bit codes.</summary>
    public bool IsRounded(string weight) => _tensors.ContainsKey(Codes(weight));

    /// <summary>A tensor in fp32; of a matrix in 8 bits what its codes stand for, its smoothing undone.</summary>
    public ReadOnlyMemory<float> Values(string name, ModelConfig config)
    {
        if (!IsRounded(name))
        {
            return Tensors.Values<float>(this[name]).ToArray();
        }

        var shape = config.Layout.Tensors.Single(spec => spec.Key == name).Shape;
        var values = RoundedForm.Of(Precision)!.Values(this[Codes(name)], this[Scales(name)], shape[0], shape[1]); // what rounded it
        var smoothing = Smoothing(MatrixGroup.NameOf(config.Layout, name));
        ReadOnlySpan<float> factors = Has(smoothing) ? Tensors.Values<float>(this[smoothing]) : default;
        for (var row = 0; factors.Length > 0 && row < values.Length; row += shape[1])
        {
            var weights = values.AsSpan(row, shape[1]);
            TensorPrimitives.Multiply(weights, factors, weights);
        }

        return values;
    }

    /// <summary>A matrix for products in 8 bits; null where it is in fp32, or where its codes are for other products.</summary>
    public RoundedMatrix? Rounded(string name, ModelConfig config)
    {
        var smoothing = Smoothing(MatrixGroup.NameOf(config.Layout, name));
        return IsRounded(name)
            ? RoundedForm.Of(Precision)!.Matrix(this[Codes(name)], this[Scales(name)], Has(smoothing) ? this[smoothing] : null) // what rounded it
            : null;
    }

    /// <summary>Name of a weight's 8-bit codes.</summary>
    public static string Codes(string weight) => $"{weight}.codes";

    /// <summary>Name of the factors that make weights of the codes.</summary>
    public static string Scales(string weight) => $"{weight}.scales";

    /// <summary>Name of what the channels of a group's input are multiplied by, where they are.</summary>
    public static string Smoothing(string group) => $"{group}.smoothing";

    /// <summary>Whether a value is here.</summary>
    public bool Has(string name) => _tensors.ContainsKey(name);

    public static WeightSet Of(ModelWeights weights)
    {
        var set = AsInCheckpoint(weights);
        return set.HasTokenTypes ? set.WithTypeInPositions(weights.Config) : set;
    }

    /// <summary>What the graphs of a CPU take of a file in a precision.</summary>
    public static WeightSet OnCpu(ModelWeights weights, Precision precision, RoundingPlan? plan) =>
        Of(weights).To(precision, weights.Config, plan).To(PrecisionName.OnCpu(precision), weights.Config);

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

        if (Stored(config).All(spec => IsThere(As(spec, DataType.Float16))))
        {
            return new WeightSet(tensors, Precision.Fp16);
        }

        var missing = Stored(config).Where(spec => !IsThere(As(spec, DataType.Float))).ToList();
        var form = RoundedForm.All.FirstOrDefault(form => missing.All(spec => IsOfBlock(spec.Key, config)
            && form.Parts(spec.Key, spec.Shape[0], spec.Shape[1]).All(IsThere)));
        if (form is null)
        {
            return null;
        }

        var hasTypes = config.Layout.Embeddings.TokenTypes is { } types && IsThere(As(types, DataType.Float));
        return new WeightSet(tensors, missing.Count == 0 ? Precision.Fp32 : form.Precision, hasTypes);

        static (string Name, DataType Type, IEnumerable<long> Dims) As(TensorSpec spec, DataType type) =>
            (spec.Key, type, spec.Shape.Select(length => (long)length));

        bool IsThere((string Name, DataType Type, IEnumerable<long> Dims) spec) => tensors.TryGetValue(spec.Name, out var tensor)
            && tensor.DataType == (int)spec.Type && tensor.HasRawData && tensor.Dims.SequenceEqual(spec.Dims);
    }

    /// <summary>The same weights in another precision that <see cref="PrecisionName.CanMake"/> allows.</summary>
    public WeightSet To(Precision precision, ModelConfig config, RoundingPlan? plan = null)
    {
        if (precision == Precision)
        {
            return this;
        }

        var (from, to) = (WeightForm.Of(Precision), WeightForm.Of(precision));
        var changed = new Dictionary<string, TensorProto>(StringComparer.Ordinal);
        foreach (var spec in HasTokenTypes ? config.Layout.Tensors : Stored(config))
        {
            var exact = from.Widen(this[spec.Key]);
            if (plan?.Exact.Contains(spec.Key) == true || !to.Takes(config.Layout, spec.Key))
            {
                changed[spec.Key] = exact;
                continue;
            }

            var group = MatrixGroup.NameOf(config.Layout, spec.Key);
            var factors = to.TakesSmoothing ? plan?.Smoothing.GetValueOrDefault(group) : null;
            var values = plan?.Fitted.GetValueOrDefault(spec.Key) ?? (factors is null ? null : Smoothed(Tensors.Values<float>(exact), factors));
            foreach (var part in to.Store(values is null ? exact : Tensors.Create(spec.Key, DataType.Float, values, [.. exact.Dims])))
            {
                changed[part.Name] = part;
            }

            if (factors is not null)
            {
                changed[Smoothing(group)] = Tensors.Create(Smoothing(group), DataType.Float, factors, factors.Length);
            }
        }

        return new WeightSet(changed, precision, HasTokenTypes);
    }

    private static WeightSet AsInCheckpoint(ModelWeights weights) => new(
        weights.Config.Layout.Tensors.Select(spec => Tensors.Of(weights[spec.Key])).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal),
        Precision.Fp32, weights.Config.Layout.Embeddings.TokenTypes is not null);

    private static bool IsOfBlock(string weight, ModelConfig config) =>
        config.Layout.Blocks.Any(block => block.Linears.Any(linear => linear.Weight == weight));

    /// <summary>A weight whose inputs are multiplied by factors, so that the product stays what it was.</summary>
    internal static float[] Smoothed(ReadOnlySpan<float> weight, float[] factors)
    {
        var values = weight.ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            values[i] /= factors[i % factors.Length];
        }

        return values;
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
