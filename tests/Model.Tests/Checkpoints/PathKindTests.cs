using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Model.Tests.Checkpoints;

/// <summary>A directory of one kind where another is needed: the error says what it is and which way out there is.</summary>
public sealed class PathKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("run.json", "is a run of lora-train, expected a checkpoint.", "--save-checkpoint")]
    [InlineData("adapter_config.json", "is an adapter: it has adapter_config.json and no config.json, expected a checkpoint.", "with --adapter")]
    [InlineData("model.onnx", "is an ONNX model, expected a checkpoint.", "the checkpoint that it was made of")]
    [InlineData("onnx/model.onnx", "is an ONNX model, expected a checkpoint.", "the checkpoint that it was made of")]
    [InlineData("1/model.onnx", "is an ONNX model, expected a checkpoint.", "the checkpoint that it was made of")]
    [InlineData("model.safetensors", "is weights without config.json, expected a checkpoint.", "with --head")]
    public void Another_kind_than_a_checkpoint(string file, string message, string hint)
    {
        var path = With(file);

        var error = Assert.Throws<InputException>(() => Checkpoint.Open(path));

        Assert.Equal($"{path}: {message}", error.Message);
        Assert.Contains(hint, error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sweep.json", "is the folder of a sweep")]
    [InlineData("values.json", "is a folder of lora-train --per")]
    public void A_folder_of_several_runs_where_one_is_needed_names_them(string file, string message)
    {
        var path = With(file);
        var empty = Assert.Throws<InputException>(() => RunDirectory.Open(path));
        foreach (var run in new[] { "lr-5e-4", "lr-2e-4", "notes" })
        {
            Directory.CreateDirectory(Path.Combine(path, run));
            File.WriteAllText(Path.Combine(path, run, run == "notes" ? "a.txt" : RunDirectory.RecordFileName), "");
        }

        var asRun = Assert.Throws<InputException>(() => RunDirectory.Open(path));
        var asBase = Assert.Throws<InputException>(() => Checkpoint.Open(path));

        Assert.Equal($"{path}: {message}, expected a run of lora-train.", asRun.Message);
        Assert.Equal($"{path}: {message}, expected a checkpoint.", asBase.Message);
        Assert.Equal("name one of the runs in it: lr-2e-4, lr-5e-4.", asRun.Hint);
        Assert.Equal($"{path} has no run yet.", empty.Hint);
    }

    [Fact]
    public void A_part_of_a_run_where_the_run_is_needed()
    {
        var run = With("run.json");
        Directory.CreateDirectory(Path.Combine(run, RunDirectory.AdapterFolder));

        var error = Assert.Throws<InputException>(() => RunDirectory.Open(Path.Combine(run, RunDirectory.AdapterFolder)));

        Assert.StartsWith($"name the run: {run}.", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_of_nothing_known_is_told_with_what_it_has()
    {
        var path = With("notes.txt");

        var error = Assert.Throws<InputException>(() => Checkpoint.Open(path));

        Assert.Equal($"{Path.Combine(path, "config.json")}: no such file.", error.Message);
        Assert.EndsWith("has: notes.txt.", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_directory_is_told_with_what_is_there()
    {
        foreach (var name in new[] { "lora", "raw", "long" })
        {
            Directory.CreateDirectory(Path.Combine(_folder.Path, name));
        }

        var error = Assert.Throws<InputException>(() => Checkpoint.Open(Path.Combine(_folder.Path, "lara")));

        Assert.EndsWith("has: long, lora, raw.", error.Hint, StringComparison.Ordinal); // names that begin alike first
    }

    private string With(string file)
    {
        var path = Path.Combine(_folder.Path, "it");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(path, file))!); // a file always has one
        File.WriteAllText(Path.Combine(path, file), "");
        return path;
    }
}
