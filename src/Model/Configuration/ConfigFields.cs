using System.Text.Json;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Families;

namespace LoraOnnx.Model.Configuration;

/// <summary>config.json as a family reads it: typed values whose errors name file, key, value and what was expected.</summary>
internal sealed class ConfigFields
{
    private readonly string _path;
    private readonly JsonFields _fields;
    private readonly TaskFields _task;

    private ConfigFields(string path, JsonFields fields)
    {
        (_path, _fields) = (path, fields);
        _task = TaskFields.Read(path, fields);
    }

    /// <summary>The classes and what the logits mean.</summary>
    public ClassificationTask Task => _task.Task;

    /// <exception cref="InputException">The model is of a family or a kind that does not run here, or a value is wrong.</exception>
    public static ModelConfig Read(string path, JsonFields fields)
    {
        var type = fields.Text("model_type");
        var family = EncoderFamilies.Find(type) ?? throw InputException.InFile(path,
            $"'model_type' is {(type is null ? "missing" : $"'{type}'")}, expected "
                + $"{string.Join(", ", EncoderFamilies.All.Select(known => $"'{known.ModelType}'"))}.",
            "checkpoints of other families cannot be used.");
        RefuseUnsupported(path, fields);
        return family.Read(new ConfigFields(path, fields));
    }

    /// <summary>The configuration that a family has read.</summary>
    public ModelConfig Config(EncoderFamily family, EncoderLayout layout, DropoutRates dropout) => new()
    {
        Family = family,
        Task = Task,
        Layout = layout,
        Dropout = dropout,
        InitializerRange = _fields.Number("initializer_range", 0.02, 0, 10),
        Warnings = _task.Warnings,
    };

    /// <summary>A whole number of at least <paramref name="lowest"/>.</summary>
    public int Size(string key, int absent, int most, int lowest = 1) => _fields.Integer(key, absent, lowest, most);

    /// <summary>The same under either of two names; the first wins.</summary>
    public int Size(string key, string other, int absent, int most) => Size(key, Size(other, absent, most), most);

    /// <summary>A dropout probability.</summary>
    public double Share(string key, double absent) => _fields.Number(key, absent, 0, 1);

    /// <summary>What a layer norm adds to the variance.</summary>
    public double Epsilon(string key, double absent) => _fields.Number(key, absent, 0, 1);

    public bool Flag(string key) => _fields.Flag(key, false);

    public string? Text(string key) => _fields.Text(key);

    /// <summary>The activation of the feed-forward part, under transformers' names for it.</summary>
    public Activation Activation(string key) => _fields.Text(key) switch
    {
        null or "gelu" or "gelu_python" => Encoders.Activation.Gelu,
        "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" => Encoders.Activation.GeluTanh,
        "relu" => Encoders.Activation.Relu,
        var other => throw Unsupported(key, $"'{other}'", "expected 'gelu', 'gelu_new' or 'relu'."),
    };

    /// <summary>The error of a value that no model here has.</summary>
    public InputException Unsupported(string key, string value, string hint) =>
        InputException.InFile(_path, $"'{key}' is {value}, which is not supported.", hint);

    /// <exception cref="InputException">The heads do not share the width evenly.</exception>
    public void CheckHeads(EncoderShape shape, string widthKey, string headsKey)
    {
        if (shape.Width % shape.Heads != 0)
        {
            throw InputException.InFile(_path, $"'{widthKey}' is {shape.Width}, which '{headsKey}' {shape.Heads} does not divide.");
        }
    }

    /// <summary>Keys that change the shape of the model or the meaning of its numbers.</summary>
    private static void RefuseUnsupported(string path, JsonFields fields)
    {
        if (fields.Find("pruned_heads") is { } pruned && !(pruned.ValueKind == JsonValueKind.Object && fields.Entries("pruned_heads").Count == 0))
        {
            throw InputException.InFile(path, $"'pruned_heads' is {JsonFields.Describe(pruned)}, which is not supported.",
                "save the model in transformers with its heads in place.");
        }

        if (fields.Find("quantization_config") is { } quantization)
        {
            throw InputException.InFile(path, $"'quantization_config' is {JsonFields.Describe(quantization)}, which is not supported.",
                "use the checkpoint before its quantisation.");
        }
    }
}
