using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Families;

namespace LoraOnnx.Model.Configuration;

/// <summary>What config.json says of a classifier: its family, its classes and its encoder, with Hugging Face's defaults for keys that are
/// absent.</summary>
public sealed record ModelConfig
{
    /// <summary>The file's name in a checkpoint directory.</summary>
    public const string FileName = "config.json";

    /// <summary>The family that <c>model_type</c> names.</summary>
    public required EncoderFamily Family { get; init; }

    /// <summary>The classes (<c>id2label</c>) and what the logits mean (<c>problem_type</c>).</summary>
    public required ClassificationTask Task { get; init; }

    /// <summary>Every module by its role, with its name in the checkpoint.</summary>
    public required EncoderLayout Layout { get; init; }

    /// <summary>What training drops.</summary>
    public DropoutRates Dropout { get; init; } = new();

    /// <summary>Standard deviation of new weights (<c>initializer_range</c>).</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>What looks wrong and was read all the same; a line each.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Sizes and constants of the encoder.</summary>
    public EncoderShape Shape => Layout.Shape;

    /// <summary>Longest text in tokens, special ones included.</summary>
    public int MaxTokens => Layout.Embeddings.MaxTokens;

    /// <summary>Reads <c>config.json</c> in <paramref name="directory"/>.</summary>
    /// <exception cref="InputException">The file is missing or malformed, or asks for something this toolkit does not support; the key and its value
    /// are named.</exception>
    public static ModelConfig Load(string directory)
    {
        var path = Path.Combine(directory, FileName);
        return ConfigFields.Read(path, JsonFields.Load(path));
    }

    /// <summary>Reads a configuration from bytes; <paramref name="path"/> is used in messages only.</summary>
    public static ModelConfig Parse(string path, ReadOnlyMemory<byte> utf8) => ConfigFields.Read(path, JsonFields.Parse(path, utf8));

    /// <summary>The same encoder for other classes; its head has a logit for each.</summary>
    public ModelConfig WithTask(ClassificationTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return this with { Task = task, Layout = Layout with { Head = Layout.Head.WithClasses(task.Labels.Count) } };
    }
}
