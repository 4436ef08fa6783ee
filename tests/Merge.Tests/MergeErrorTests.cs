using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.Tests;

/// <summary>What lora-merge says of wrong input: one to three lines that name it, exit 1, and no file left or changed.</summary>
public sealed class MergeErrorTests : IDisposable
{
    private const string Before = "what stood here before";

    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    private string Out => Path.Combine(_model.Folder, "onnx", "model.onnx");

    [Fact]
    public void A_model_that_is_not_there() => Refuse(["--model", Path.Combine(_model.Folder, "nowhere")], "nowhere");

    [Fact]
    public void An_unknown_option() => Refuse(["--model", _model.Checkpoint, "--skale", "2"], "--skale");

    [Theory]
    [InlineData("--opset", "13", "14 to 21")]
    [InlineData("--opset", "22", "14 to 21")]
    [InlineData("--scale", "NaN", "finite")]
    [InlineData("--precision", "int4", "int4")]
    public void A_bad_value(string option, string value, string expected) => Refuse(["--model", _model.Checkpoint, option, value], expected);

    [Theory]
    [InlineData("--out", "model.onnx")]
    [InlineData("--training-artifacts", "")]
    public void A_file_where_a_folder_is_to_be(string option, string name)
    {
        var file = Path.Combine(_model.Checkpoint, "config.json");

        var result = Command.Run(Repository.Path("bin", "lora-merge"), ["--model", _model.Checkpoint, option, Path.Combine(file, name)]);

        Assert.Equal($"error: {file}: is a file, expected a directory.", result.Error.Split('\n')[0]);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public void No_file_to_write()
    {
        var result = Command.Run(Repository.Path("bin", "lora-merge"), ["--model", _model.Checkpoint]);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("error: Option '--out' is required.\nhint:  name the ONNX file to write", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_a_model_nor_a_run() => Refuse([], "--run and --model");

    [Fact]
    public void A_safetensors_file_cut_short()
    {
        var bytes = File.ReadAllBytes(_model.WeightsFile);
        File.WriteAllBytes(_model.WeightsFile, bytes[..(bytes.Length / 2)]);

        Refuse(["--model", _model.Checkpoint], "model.safetensors");
    }

    [Theory]
    [InlineData("distilbert.embeddings.word_embeddings.weight")]
    [InlineData("classifier.bias")]
    public void A_weight_that_is_not_finite_also_where_no_text_of_the_proof_would_meet_it(string name)
    {
        _model.Save(_model.Weights.Tensors.Select(tensor => tensor.Name == name ? WithNaN(tensor) : tensor));

        Refuse(["--model", _model.Checkpoint], $"tensor '{name}': 1 of ");
    }

    [Fact]
    public void A_head_in_an_adapter_that_is_not_finite()
    {
        var adapter = TinyAdapter.Write(_model, "adapter", 1);
        var file = Path.Combine(adapter, "adapter_model.safetensors");
        List<NamedTensor> tensors;
        using (var read = SafetensorsFile.Open(file))
        {
            tensors = [.. read.Names.Select(read.Read)];
        }

        SafetensorsWriter.Write(file, [.. tensors[..^1], WithNaN(tensors[^1])]);

        Refuse(["--model", _model.Checkpoint, "--adapter", adapter], "adapter_model.safetensors: tensor 'base_model");
    }

    [Fact]
    public void The_config_of_another_model()
    {
        _model.EditConfig("\"hidden_dim\": 64", "\"hidden_dim\": 128");

        Refuse(["--model", _model.Checkpoint], "lin1");
    }

    [Fact]
    public void An_adapter_of_another_base()
    {
        using var other = new TinyModel(new TinyModelOptions { Width = 48 });

        Refuse(["--model", _model.Checkpoint, "--adapter", TinyAdapter.Write(other, "adapter", 1)], "q_lin");
    }

    [Fact]
    public void A_directory_as_the_file_to_write()
    {
        var result = Command.Run(Repository.Path("bin", "lora-merge"), ["--model", _model.Checkpoint, "--out", _model.Folder]);

        AssertRefusal(result, "is a directory");
        Assert.Empty(Directory.GetFiles(_model.Folder));
    }

    [Fact]
    public void A_malformed_line_of_texts_names_file_and_line()
    {
        var data = Path.Combine(_model.Folder, "own.jsonl");
        File.WriteAllLines(data, ["""{"text": "the film was good", "label": 1}""", "nonsense"]);

        Refuse(["--model", _model.Checkpoint, "--verify-data", data], "own.jsonl:2");
    }

    [Fact]
    public void A_proof_that_fails()
    {
        var run = Path.Combine(_model.Folder, "run");
        Directory.CreateDirectory(run);
        RunDirectory.WriteRecord(run, new RunRecord
        {
            ToolVersion = "test",
            Method = "lora",
            Model = _model.Checkpoint,
            ModelDirectory = _model.Checkpoint,
            ModelHash = Model.Checkpoints.Checkpoint.Open(_model.Checkpoint).WeightsHash(),
            MaxLength = 64,
            Precision = "fp32",
            Device = "cpu",
            TrainedParameters = 1,
            TrainingSeconds = 1,
            TrainedTokens = 1,
            Finished = true,
        });
        ReferenceLogits.Write(run, ReferenceTexts.All, [.. ReferenceTexts.All.Select(_ => new float[] { 1, 2 })]); // of some other model

        Refuse(["--run", run], "not equal to the adapter form");
    }

    private static NamedTensor WithNaN(NamedTensor tensor) => new(tensor.Name, tensor.Shape, [.. tensor.Values[..^1], float.NaN]);

    /// <summary>Once into an empty place, once over a file that must stay as it is.</summary>
    private void Refuse(string[] arguments, string expected)
    {
        AssertRefusal(Command.Run(Repository.Path("bin", "lora-merge"), [.. arguments, "--out", Out]), expected);
        Assert.False(Directory.Exists(Path.GetDirectoryName(Out)), "a folder was left");

        Directory.CreateDirectory(Path.GetDirectoryName(Out)!);
        File.WriteAllText(Out, Before);
        AssertRefusal(Command.Run(Repository.Path("bin", "lora-merge"), [.. arguments, "--out", Out]), expected);
        Assert.Equal([Out], Directory.GetFileSystemEntries(Path.GetDirectoryName(Out)!));
        Assert.Equal(Before, File.ReadAllText(Out));
    }

    private static void AssertRefusal(CommandResult result, string expected)
    {
        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.TrimEnd().Split('\n').Length, 1, 3);
    }
}
