using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>All weights of a classifier in fp32, by checkpoint key. Keys and shapes are those of <see cref="EncoderLayout.Tensors"/>.</summary>
public sealed class ModelWeights
{
    private readonly Dictionary<string, NamedTensor> _tensors;

    /// <summary>Takes the tensors over.</summary>
    /// <exception cref="ArgumentException">The keys or shapes are not those of the configuration.</exception>
    public ModelWeights(ModelConfig config, IEnumerable<NamedTensor> tensors)
    {
        Config = config;
        _tensors = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var spec in config.Layout.Tensors)
        {
            if (!_tensors.TryGetValue(spec.Key, out var tensor) || !tensor.Shape.SequenceEqual(spec.Shape))
            {
                throw new ArgumentException($"Tensor '{spec.Key}' is missing or not {NamedTensor.Describe(spec.Shape)}.", nameof(tensors));
            }
        }
    }

    /// <summary>The configuration these weights fit.</summary>
    public ModelConfig Config { get; }

    /// <summary>The tensor of a checkpoint key such as <c>classifier.weight</c>.</summary>
    public NamedTensor this[string key] => _tensors[key];

    /// <summary>All tensors in the order of <see cref="EncoderLayout.Tensors"/>.</summary>
    public IEnumerable<NamedTensor> Tensors => Config.Layout.Tensors.Select(spec => _tensors[spec.Key]);

    /// <summary>The same weights with some tensors replaced by those of equal key and shape; nothing is changed in place.</summary>
    public ModelWeights With(IEnumerable<NamedTensor> replacements)
    {
        var changed = new Dictionary<string, NamedTensor>(_tensors, StringComparer.Ordinal);
        foreach (var tensor in replacements)
        {
            changed[tensor.Name] = tensor;
        }

        return new ModelWeights(Config, changed.Values);
    }
}
