using System.Text.Json;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Tests;

/// <summary>Options of a <see cref="TinyModel"/>.</summary>
internal sealed record TinyModelOptions
{
    public int Layers { get; init; } = 2;

    public int Width { get; init; } = 32;

    public int Inner { get; init; } = 64;

    public int Heads { get; init; } = 4;

    public int Positions { get; init; } = 64;

    public IReadOnlyList<string> Labels { get; init; } = ["NEGATIVE", "POSITIVE"];

    /// <summary><c>problem_type</c>, or null to leave it out.</summary>
    public string? ProblemType { get; init; }

    public string Activation { get; init; } = "gelu";

    public bool Cased { get; init; }

    public int Seed { get; init; } = 7;
}

/// <summary>A DistilBERT classifier with random weights, 60 words, and a checkpoint directory in Hugging Face layout. The directory goes with the
/// object.</summary>
internal sealed class TinyModel : IDisposable
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    private static readonly string[] _words =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a", "film", "movie", "was", "is", "not", "very", "good", "great", "bad", "awful",
        "fine", "poor", "plot",
        "actor", "scene", "story", "long", "short", "and", "but", "i", "it", "this", "that", "of", "to", "in", "on", "for", "with", "all", "no",
        "one",
        "two", "loved", "hated", "watch", "again", "never", "ending", "music", "slow", "funny", "##s", "##ed", "##ing", "##ly", ".", ",", "!", "?",
        "'", "-",
    ];

    public TinyModel(TinyModelOptions? options = null)
    {
        Options = options ?? new TinyModelOptions();
        Folder = Directory.CreateTempSubdirectory("tiny-model-").FullName;
        Directory.CreateDirectory(Checkpoint);
        File.WriteAllText(Path.Combine(Checkpoint, "config.json"), ConfigText(Options));
        File.WriteAllText(Path.Combine(Checkpoint, "tokenizer_config.json"),
            JsonSerializer.Serialize(new { do_lower_case = !Options.Cased, tokenizer_class = "DistilBertTokenizer" }));
        File.WriteAllLines(Path.Combine(Checkpoint, "vocab.txt"), _words);
        Weights = RandomWeights(ModelConfig.Load(Checkpoint), Options.Seed);
        Save(Weights.Tensors);
    }

    public TinyModelOptions Options { get; }

    /// <summary>A folder of this model's own, with <see cref="Checkpoint"/> inside.</summary>
    public string Folder { get; }

    public string Checkpoint => Path.Combine(Folder, "checkpoint");

    public string WeightsFile => Path.Combine(Checkpoint, "model.safetensors");

    public ModelConfig Config => Weights.Config;

    public ModelWeights Weights { get; }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Writes model.safetensors anew.</summary>
    public void Save(IEnumerable<NamedTensor> tensors, TensorType type = TensorType.F32) => SafetensorsWriter.Write(WeightsFile, tensors, type);

    /// <summary>Replaces text in config.json; it must be there.</summary>
    public void EditConfig(string old, string replacement)
    {
        var path = Path.Combine(Checkpoint, "config.json");
        var text = File.ReadAllText(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(old, replacement, StringComparison.Ordinal));
    }

    /// <summary>Token ids of a text of <paramref name="length"/> tokens, [CLS] and [SEP] included.</summary>
    public static int[] Ids(int length, int seed)
    {
        var random = new Random(seed);
        return [2, .. Enumerable.Range(0, length - 2).Select(_ => random.Next(5, _words.Length)), 3];
    }

    /// <summary>Weights large enough for every part to matter: standard deviation 0.15, layer norms around 1.</summary>
    public static ModelWeights RandomWeights(ModelConfig config, int seed)
    {
        var random = new Random(seed);
        return new ModelWeights(config,
            [.. config.Layout.Tensors.Select(
                spec => RandomTensor(spec.Key, spec.Shape, random, 0.15, spec.Key.Contains("orm.weight", StringComparison.Ordinal) ? 1 : 0))]);
    }

    public static NamedTensor RandomTensor(string name, IReadOnlyList<int> shape, Random random, double deviation, double mean = 0)
    {
        var values = new float[shape.Aggregate(1, (product, length) => product * length)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)(mean + (deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));
        }

        return new NamedTensor(name, shape, values);
    }

    private static string ConfigText(TinyModelOptions options)
    {
        var fields = new Dictionary<string, object>
        {
            ["activation"] = options.Activation,
            ["architectures"] = new[] { "DistilBertForSequenceClassification" },
            ["dim"] = options.Width,
            ["hidden_dim"] = options.Inner,
            ["id2label"] = options.Labels.Select((label, index) => (label, index)).ToDictionary(entry => $"{entry.index}", entry => entry.label),
            ["label2id"] = options.Labels.Select((label, index) => (label, index)).ToDictionary(entry => entry.label, entry => entry.index),
            ["max_position_embeddings"] = options.Positions,
            ["model_type"] = "distilbert",
            ["n_heads"] = options.Heads,
            ["n_layers"] = options.Layers,
            ["vocab_size"] = _words.Length,
        };
        if (options.ProblemType is { } type)
        {
            fields["problem_type"] = type;
        }

        return JsonSerializer.Serialize(fields, _indented);
    }
}
