using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Model.Families;

/// <summary>An encoder family: what config.json's <c>model_type</c> names. One static value a file; <see cref="EncoderFamilies"/> lists
/// them.</summary>
public sealed record EncoderFamily
{
    internal EncoderFamily(Func<ConfigFields, ModelConfig> read) => Read = read;

    /// <summary><c>model_type</c> of config.json.</summary>
    public required string ModelType { get; init; }

    /// <summary>Its classifier in transformers, for config.json's <c>architectures</c> and adapter cards.</summary>
    public required string ClassifierClass { get; init; }

    /// <summary>What an encoder's keys start with in a classifier checkpoint; checkpoints of the encoder alone leave it out.</summary>
    public required string Prefix { get; init; }

    /// <summary>Its own words for a block's linear modules, in the order of <see cref="Encoders.BlockLayout.Linears"/>, as far as each is of one
    /// word: <c>--targets</c> takes them for any family.</summary>
    public required IReadOnlyList<string> LinearNames { get; init; }

    /// <summary>What starts the keys of tensors that a classifier does not use: heads for other tasks, buffers.</summary>
    public required IReadOnlyList<string> UnusedPrefixes { get; init; }

    /// <summary>Reads what is the family's own in config.json.</summary>
    internal Func<ConfigFields, ModelConfig> Read { get; init; }

    /// <summary>transformers' module of the class.</summary>
    public string ModelingModule => $"transformers.models.{ModelType.Replace('-', '_')}.modeling_{ModelType.Replace('-', '_')}";
}
