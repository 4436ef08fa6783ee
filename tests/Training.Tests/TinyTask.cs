using System.Globalization;
using System.Text.Json;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Tests;

/// <summary>A two-layer model of width 32 with random weights, and texts whose label is plain from one word: trains in seconds. Deleted with the
/// object.</summary>
internal sealed class TinyTask : IDisposable
{
    private static readonly string[] _words =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "fine", "great", "bad", "poor", "awful", "the", "film", "was", "a", "and", "plot",
            "actor", "scene", "story", "long", "short"];

    public TinyTask(int trainTexts = 48, int validationTexts = 16)
    {
        // Features and the patched native library are cached beside the build, not in the home of whoever runs the tests.
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Repository.Path("artifacts", "test-cache"));
        Folder = Directory.CreateTempSubdirectory("tiny-").FullName;
        WriteModel();
        WriteTexts(Train, trainTexts, seed: 1);
        WriteTexts(Validation, validationTexts, seed: 2);
    }

    public string Folder { get; }

    public string Model => Path.Combine(Folder, "model");

    public string Train => Path.Combine(Folder, "train.jsonl");

    public string Validation => Path.Combine(Folder, "validation.jsonl");

    public string Run => Path.Combine(Folder, "run");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The arguments of a run, <paramref name="more"/> at the end.</summary>
    public string[] Arguments(string run, params string[] more) =>
        ["--model", Model, "--train", Train, "--validation", Validation, "--out", run, "--threads", "1", "--precision", "fp32", .. more];

    private void WriteModel()
    {
        Directory.CreateDirectory(Model);
        File.WriteAllText(Path.Combine(Model, "config.json"), JsonSerializer.Serialize(new
        {
            model_type = "distilbert",
            dim = 32,
            hidden_dim = 64,
            n_layers = 2,
            n_heads = 4,
            vocab_size = _words.Length,
            max_position_embeddings = 32,
            id2label = new Dictionary<string, string> { ["0"] = "NEGATIVE", ["1"] = "POSITIVE" },
        }));
        File.WriteAllText(Path.Combine(Model, "tokenizer_config.json"), """{"do_lower_case": true, "tokenizer_class": "DistilBertTokenizer"}""");
        File.WriteAllLines(Path.Combine(Model, "vocab.txt"), _words);
        var random = new Random(5);
        var config = ModelConfig.Load(Model);
        SafetensorsWriter.Write(Path.Combine(Model, "model.safetensors"), config.Layout.Tensors.Select(spec => Tensor(spec, random)));
    }

    private static NamedTensor Tensor(TensorSpec spec, Random random)
    {
        var values = new float[spec.Shape.Aggregate(1, (product, length) => product * length)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = spec.Key.EndsWith("norm.weight", StringComparison.OrdinalIgnoreCase)
                ? 1
                : spec.Columns is null ? 0 : (float)((random.NextDouble() - 0.5) * 0.4);
        }

        return new NamedTensor(spec.Key, spec.Shape, values);
    }

    private static void WriteTexts(string path, int count, int seed)
    {
        var random = new Random(seed);
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(index =>
        {
            var label = index % 2;
            var words = Enumerable.Range(0, random.Next(2, 12)).Select(_ => _words[random.Next(11, _words.Length)]).ToList();
            words.Insert(random.Next(words.Count), _words[(label == 1 ? 5 : 8) + random.Next(3)]);
            return JsonSerializer.Serialize(new { text = string.Join(' ', words), label });
        }));
    }

    /// <summary>The lines of metrics.jsonl without what depends on the clock and the machine.</summary>
    public static IReadOnlyList<string> Metrics(string run) =>
        [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line =>
        {
            using var json = JsonDocument.Parse(line);
            return string.Join(' ', json.RootElement.EnumerateObject().Where(field => field.Name is not ("tokens_per_second" or "memory_bytes"))
                .Select(field => string.Create(CultureInfo.InvariantCulture, $"{field.Name}={field.Value}")));
        })];
}
