using System.Globalization;
using System.Text.Json;

namespace LoraOnnx.Model.Configuration;

/// <summary>The activation of the feed-forward part.</summary>
public enum Activation
{
    /// <summary>x·Φ(x), the exact erf form.</summary>
    Gelu,

    /// <summary>max(x, 0).</summary>
    Relu,
}

/// <summary>Shape and options of a DistilBERT classifier: config.json, with Hugging Face's defaults for keys that are absent.</summary>
public sealed record DistilBertConfig
{
    /// <summary>The file's name in a checkpoint directory.</summary>
    public const string FileName = "config.json";

    /// <summary>Layer normalisation adds this to the variance; fixed in DistilBERT.</summary>
    public const double LayerNormEpsilon = 1e-12;

    /// <summary>Width of the hidden state (<c>dim</c>).</summary>
    public required int Width { get; init; }

    /// <summary>Width inside the feed-forward part (<c>hidden_dim</c>).</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Number of transformer layers (<c>n_layers</c>).</summary>
    public required int LayerCount { get; init; }

    /// <summary>Number of attention heads (<c>n_heads</c>); divides <see cref="Width"/>.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Rows of the word embedding (<c>vocab_size</c>).</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest input in tokens, [CLS] and [SEP] included (<c>max_position_embeddings</c>).</summary>
    public required int MaxPositions { get; init; }

    /// <summary>The classes (<c>id2label</c>) and what the logits mean (<c>problem_type</c>).</summary>
    public required ClassificationTask Task { get; init; }

    /// <summary>Dropout after embeddings and feed-forward, 0 to 1 (<c>dropout</c>).</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Dropout of attention weights, 0 to 1 (<c>attention_dropout</c>).</summary>
    public double AttentionDropout { get; init; } = 0.1;

    /// <summary>Dropout before the classifier, 0 to 1 (<c>seq_classif_dropout</c>).</summary>
    public double ClassifierDropout { get; init; } = 0.2;

    /// <summary>Standard deviation of new weights (<c>initializer_range</c>).</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Activation of the feed-forward part.</summary>
    public Activation Activation { get; init; }

    /// <summary>Positions are fixed sines and cosines, so the checkpoint may leave them out.</summary>
    public bool SinusoidalPositions { get; init; }

    /// <summary>Width of one attention head.</summary>
    public int HeadWidth => Width / HeadCount;

    /// <summary>Reads <c>config.json</c> in <paramref name="directory"/>.</summary>
    /// <exception cref="InputException">The file is missing or malformed, or asks for something this toolkit does not support; the key and its value are named.</exception>
    public static DistilBertConfig Load(string directory) => Read(Path.Combine(directory, FileName), null);

    /// <summary>Reads a configuration from bytes; <paramref name="path"/> is used in messages only.</summary>
    public static DistilBertConfig Parse(string path, ReadOnlyMemory<byte> utf8) => Read(path, utf8);

    private static DistilBertConfig Read(string path, ReadOnlyMemory<byte>? content)
    {
        var fields = content is { } utf8 ? JsonFields.Parse(path, utf8) : JsonFields.Load(path);
        if (fields.Text("model_type") is var modelType && modelType != "distilbert")
        {
            throw InputException.InFile(path, $"'model_type' is {(modelType is null ? "missing" : $"'{modelType}'")}, expected 'distilbert'.",
                "only DistilBERT checkpoints can be used.");
        }

        RefuseUnsupported(path, fields);
        var config = new DistilBertConfig
        {
            // The second names are those that transformers accepts for every model.
            Width = fields.Integer("dim", fields.Integer("hidden_size", 768, 1, 1 << 16), 1, 1 << 16),
            FeedForwardWidth = fields.Integer("hidden_dim", 3072, 1, 1 << 18),
            LayerCount = fields.Integer("n_layers", fields.Integer("num_hidden_layers", 6, 1, 1 << 10), 1, 1 << 10),
            HeadCount = fields.Integer("n_heads", fields.Integer("num_attention_heads", 12, 1, 1 << 12), 1, 1 << 12),
            VocabularySize = fields.Integer("vocab_size", 30522, 1, 1 << 24),
            MaxPositions = fields.Integer("max_position_embeddings", 512, 2, 1 << 20),
            Task = new ClassificationTask(ReadLabels(path, fields), ReadProblemType(path, fields)),
            Dropout = fields.Number("dropout", 0.1, 0, 1),
            AttentionDropout = fields.Number("attention_dropout", 0.1, 0, 1),
            ClassifierDropout = fields.Number("seq_classif_dropout", 0.2, 0, 1),
            InitializerRange = fields.Number("initializer_range", 0.02, 0, 10),
            SinusoidalPositions = fields.Flag("sinusoidal_pos_embds", false),
            Activation = fields.Text("activation") switch
            {
                null or "gelu" => Activation.Gelu,
                "relu" => Activation.Relu,
                var other => throw InputException.InFile(path, $"'activation' is '{other}', expected 'gelu' or 'relu'."),
            },
        };
        if (config.Width % config.HeadCount != 0)
        {
            throw InputException.InFile(path, $"'dim' is {config.Width}, which 'n_heads' {config.HeadCount} does not divide.");
        }

        if (config.Task.Labels.Count == 1 && !config.Task.IsMultiLabel)
        {
            throw InputException.InFile(path, "has one label, which means regression; expected at least two labels.", "regression heads are not supported.");
        }

        return config;
    }

    /// <summary>Keys that change the shape of the model or the meaning of its numbers.</summary>
    private static void RefuseUnsupported(string path, JsonFields fields)
    {
        if (fields.Find("pruned_heads") is { } pruned && !(pruned.ValueKind == JsonValueKind.Object && fields.Entries("pruned_heads").Count == 0))
        {
            throw InputException.InFile(path, $"'pruned_heads' is {JsonFields.Describe(pruned)}, which is not supported.", "save the model in transformers with its heads in place.");
        }

        if (fields.Find("quantization_config") is { } quantization)
        {
            throw InputException.InFile(path, $"'quantization_config' is {JsonFields.Describe(quantization)}, which is not supported.", "use the checkpoint before its quantisation.");
        }
    }

    private static ProblemType ReadProblemType(string path, JsonFields fields) => fields.Text("problem_type") switch
    {
        null or "single_label_classification" => ProblemType.SingleLabel,
        "multi_label_classification" => ProblemType.MultiLabel,
        var other => throw InputException.InFile(path,
            $"'problem_type' is '{other}', expected 'single_label_classification' or 'multi_label_classification'.",
            "regression heads are not supported."),
    };

    /// <summary>The labels of <c>id2label</c>, or LABEL_0 to LABEL_(N-1) for <c>num_labels</c> N, or two of them.</summary>
    private static string[] ReadLabels(string path, JsonFields fields)
    {
        var count = fields.Integer("num_labels", -1, 1, 1 << 16);
        if (fields.Find("id2label") is not { } map)
        {
            return [.. Enumerable.Range(0, count < 0 ? 2 : count).Select(index => $"LABEL_{index}")];
        }

        if (map.ValueKind != JsonValueKind.Object)
        {
            throw fields.Wrong("id2label", map, "an object such as {\"0\": \"NEGATIVE\", \"1\": \"POSITIVE\"}");
        }

        var labels = new SortedDictionary<int, string>();
        try
        {
            foreach (var entry in map.EnumerateObject())
            {
                if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    || entry.Value.ValueKind != JsonValueKind.String
                    || !labels.TryAdd(index, fields.TextOf(entry.Value, "id2label")))
                {
                    throw InputException.InFile(path, $"'id2label' has the entry '{entry.Name}': {JsonFields.Describe(entry.Value)}, expected distinct numbers with names.");
                }
            }
        }
        catch (InvalidOperationException failure)
        {
            throw InputException.InFile(path, $"'id2label' is not valid Unicode: {failure.Message}", inner: failure);
        }

        if (labels.Count == 0 || labels.Keys.Last() != labels.Count - 1)
        {
            throw InputException.InFile(path, $"'id2label' numbers its {labels.Count} labels {string.Join(", ", labels.Keys.Take(10))}, expected 0 to N-1.");
        }

        if (labels.Values.GroupBy(label => label).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw InputException.InFile(path, $"'id2label' gives the name '{twice.Key}' {twice.Count()} times, expected distinct names.");
        }

        return [.. labels.Values];
    }
}
