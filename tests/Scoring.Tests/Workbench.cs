using LoraOnnx.Graph;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Texts.Parquet;

namespace LoraOnnx.Scoring.Tests;

/// <summary>A tiny model as an ONNX directory, and a folder for files.</summary>
internal sealed class Workbench : IDisposable
{
    private static readonly string[] _words = ["the", "film", "was", "good", "bad", "awful", "great", "not", "plot", "slow", "music", "ending"];

    private readonly TinyModel _model;
    private readonly TemporaryFolder _folder = new();

    /// <summary>A model with <paramref name="change"/>d weights.</summary>
    public Workbench(TinyModelOptions? options = null, Action<ModelWeights>? change = null)
    {
        _model = new TinyModel(options);
        change?.Invoke(_model.Weights);
        Model = At("onnx");
        Directory.CreateDirectory(Model);
        foreach (var file in Directory.GetFiles(_model.Checkpoint).Where(file => file != _model.WeightsFile))
        {
            File.Copy(file, Path.Combine(Model, Path.GetFileName(file)));
        }

        using var onnx = File.Create(Path.Combine(Model, "model.onnx"));
        OnnxModelFile.Write(onnx, _model.Weights, OnnxModelFile.DefaultOpset, []);
    }

    /// <summary>The ONNX directory.</summary>
    public string Model { get; }

    public string At(string name) => Path.Combine(_folder.Path, name);

    public string Write(string name, string text) => _folder.Write(name, text);

    /// <summary>A CSV file of short texts, numbered.</summary>
    public string Rows(string name, int count)
    {
        using var writer = File.CreateText(At(name));
        writer.Write("id,text,genre\n");
        var random = new Random(5);
        for (var row = 0; row < count; row++)
        {
            var words = string.Join(' ', Enumerable.Range(0, random.Next(1, 5)).Select(_ => _words[random.Next(_words.Length)]));
            writer.Write($"{row},\"{words}{(row % 7 == 0 ? "\n" : "")}\",genre{row % 3}\n");
        }

        return At(name);
    }

    public ScoreOptions Options(string input, string output) =>
        new() { Model = Model, In = Path.IsPathRooted(input) || input == "-" ? input : At(input), Out = At(output) };

    /// <summary>Scores in this process, and gives what was written.</summary>
    public string Score(string input, string output, Func<ScoreOptions, ScoreOptions>? change = null)
    {
        Summary(input, output, change);
        return File.ReadAllText(Changed(input, output, change).Target);
    }

    /// <summary>Scores in this process, and gives the line that stands at the end.</summary>
    public string Summary(string input, string output, Func<ScoreOptions, ScoreOptions>? change = null) =>
        ScoreRun.RunAsync(Changed(input, output, change), TestContext.Current.CancellationToken).GetAwaiter().GetResult();

    private ScoreOptions Changed(string input, string output, Func<ScoreOptions, ScoreOptions>? change) =>
        change?.Invoke(Options(input, output)) ?? Options(input, output);

    /// <summary>What is wrong with scoring so.</summary>
    public InputException Refuses(string input, string output, Func<ScoreOptions, ScoreOptions>? change = null) =>
        Assert.Throws<InputException>(() => Score(input, output, change));

    /// <summary>Names of the columns of a Parquet file.</summary>
    public IReadOnlyList<string> ColumnsOf(string name)
    {
        using var rows = StoredRows.Open(At(name));
        return [.. rows.Fields.Select(field => field.Name)];
    }

    public void Dispose()
    {
        _folder.Dispose();
        _model.Dispose();
    }
}
