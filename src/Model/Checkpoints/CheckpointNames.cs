using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;

namespace LoraOnnx.Model.Checkpoints;

/// <summary>
/// Names of tensors as files have them, turned into the classifier's keys: encoders alone lack the family's prefix, very old files call layer-norm
/// weights gamma and beta, wrappers of training loops put prefixes of their own in front.
/// </summary>
internal sealed class CheckpointNames(ModelConfig config)
{
    private readonly Dictionary<string, TensorSpec> _specs = config.Layout.Tensors.ToDictionary(spec => spec.Key, StringComparer.Ordinal);

    /// <summary>The tensor that a name stands for; null where a classifier of the family has none of that name.</summary>
    public TensorSpec? Find(string name)
    {
        var plain = WrapperPrefixes.Strip(name);
        var modern = plain.EndsWith(".gamma", StringComparison.Ordinal) ? plain[..^5] + "weight"
            : plain.EndsWith(".beta", StringComparison.Ordinal) ? plain[..^4] + "bias"
            : plain;
        return _specs.TryGetValue(modern, out var spec) || _specs.TryGetValue(config.Family.Prefix + modern, out spec) ? spec : null;
    }

    /// <summary>True for a tensor that a classifier leaves aside in silence: the head for another task, a buffer.</summary>
    public bool IsUnused(string name)
    {
        var plain = WrapperPrefixes.Strip(name);
        return config.Family.UnusedPrefixes.Any(prefix => plain.StartsWith(prefix, StringComparison.Ordinal));
    }
}
