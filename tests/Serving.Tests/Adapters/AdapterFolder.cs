using System.Text.Json;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Serving.Tests.Adapters;

/// <summary>models/demo as lora-merge would write it raw or merged, and the golden adapters on it.</summary>
internal sealed class AdapterFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Adapter by adapter, what peft gives for texts; null: the plain base.</summary>
    public static IReadOnlyList<(string Text, string? Adapter, float[] Logits)> Cases { get; } = Read();

    public static IReadOnlyList<string> Names { get; } = [.. Cases.Select(entry =>
        entry.Adapter).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    public string Path => _folder.Path;

    public static string GoldenOf(string adapter) => Golden.Path("mixed-adapters", "adapters", adapter);

    /// <summary>NAME=DIR of every golden adapter.</summary>
    public static IReadOnlyList<string> Arguments { get; } = [.. Names.Select(name => $"{name}={GoldenOf(name)}")];

    /// <summary>Writes the base under a name, with the notes that its file carries.</summary>
    public string WriteBase(string name, params KeyValuePair<string, string>[] metadata)
    {
        var path = Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;
        var checkpoint = Repository.Path("models", "demo");
        using (var file = File.Create(System.IO.Path.Combine(path, ModelFiles.Model)))
        {
            OnnxModelFile.Write(file, Checkpoint.Open(checkpoint).LoadWeights(), OnnxModelFile.DefaultOpset, metadata);
        }

        foreach (var companion in ModelFiles.Companions.Where(part => File.Exists(System.IO.Path.Combine(checkpoint, part))))
        {
            File.Copy(System.IO.Path.Combine(checkpoint, companion), System.IO.Path.Combine(path, companion));
        }

        return path;
    }

    /// <summary>Copies a golden adapter.</summary>
    public string Copy(string adapter, params string[] to)
    {
        var path = Directory.CreateDirectory(System.IO.Path.Combine([Path, .. to])).FullName;
        foreach (var file in Directory.GetFiles(GoldenOf(adapter)))
        {
            File.Copy(file, System.IO.Path.Combine(path, System.IO.Path.GetFileName(file)), overwrite: true);
        }

        return path;
    }

    /// <summary>A golden adapter under another name, its files links.</summary>
    public void Link(string adapter, params string[] to)
    {
        var path = Directory.CreateDirectory(System.IO.Path.Combine([Path, .. to])).FullName;
        foreach (var file in Directory.GetFiles(GoldenOf(adapter)))
        {
            File.CreateSymbolicLink(System.IO.Path.Combine(path, System.IO.Path.GetFileName(file)), file);
        }
    }

    /// <summary>Writes an adapter of the queries of the first block with numbers made by a function.</summary>
    public string WriteAdapter(string name, int rank, Func<int, float> number)
    {
        var config = Checkpoint.Open(Repository.Path("models", "demo")).Config;
        var linear = config.Layout.Blocks[0].Query;
        var module = LinearAdapters.Lora.Compose(linear, 2, key => key.Part == AdapterPart.Fixed ? null : new NamedTensor(
            key.NameIn(linear.Name), key.Shape(new AdapterSize(rank, linear.Out, linear.In)),
            [.. Enumerable.Range(0, rank * linear.In).Select(number)])); // the query's matrix is square
        var path = System.IO.Path.Combine(Path, name);
        PeftAdapterWriter.Write(path, new LoraAdapter([module], []),
            new PeftAdapterSettings { Family = config.Family, Rank = rank, Alpha = 2 * rank, Targets = [linear.Name] });
        return path;
    }

    /// <summary>Writes a head of its own for so many classes.</summary>
    public string WriteHead(string name, int classes)
    {
        var path = Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;
        var random = new Random(classes);
        var head = Checkpoint.Open(Repository.Path("models", "demo")).Config.Layout.Head.WithClasses(classes);
        SafetensorsWriter.Write(System.IO.Path.Combine(path, Checkpoint.WeightsFileName), head.Tensors.Select(spec => new NamedTensor(
            spec.Key, spec.Shape, [.. Enumerable.Range(0, spec.Rows * (spec.Columns ?? 1)).Select(_ => (random.NextSingle() - 0.5f) / 8)])));
        return path;
    }

    public void Dispose() => _folder.Dispose();

    private static List<(string Text, string? Adapter, float[] Logits)> Read()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("mixed-adapters", "expected.json")));
        return [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(entry => (
            entry.GetProperty("text").GetString()!, entry.GetProperty("adapter").GetString(),
            entry.GetProperty("logits").EnumerateArray().Select(number => number.GetSingle()).ToArray()))];
    }
}
