using System.Diagnostics;
using LoraOnnx.Hub.Tests;

namespace LoraOnnx.Training.Tests.Hub;

/// <summary>lora-train with a model and texts of a hub, as a user runs it.</summary>
public sealed class HubRunTests : IAsyncLifetime
{
    private const string ModelId = "somebody/tiny-model";
    private readonly TinyTask _task = new();
    private FakeHub _hub = null!; // InitializeAsync makes it before any test

    public async ValueTask InitializeAsync()
    {
        _hub = await FakeHub.StartAsync();
        _hub.AddFolder(ModelId, _task.Model);
        _hub.Add("datasets/somebody/films", "data/train.jsonl", File.ReadAllBytes(_task.Train));
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _task.Dispose();
    }

    [Fact]
    public void A_run_with_a_model_and_texts_of_the_hub_has_the_bits_of_a_run_with_local_ones()
    {
        var local = Path.Combine(_task.Folder, "local");
        var remote = Path.Combine(_task.Folder, "remote");
        string[] fast = ["--epochs", "1"];
        var first = Command.Run(TrainProgram.Path, _task.Arguments(local, fast));
        Assert.True(first.ExitCode == 0, first.ToString());

        var second = RunWithHub(
            ["--model", ModelId, "--train", "hf:somebody/films:train", "--validation", _task.Validation, "--out", remote, "--threads", "1",
                "--precision", "fp32", .. fast]);

        Assert.True(second.ExitCode == 0, second.ToString());
        Assert.Equal(File.ReadAllBytes(Path.Combine(local, "adapter", "adapter_model.safetensors")),
            File.ReadAllBytes(Path.Combine(remote, "adapter", "adapter_model.safetensors")));
        Assert.Contains("model.safetensors: ", second.Error, StringComparison.Ordinal);
        Assert.Contains($"\"model\": \"{ModelId}\"", File.ReadAllText(Path.Combine(remote, "run.json")), StringComparison.Ordinal);
        Assert.Contains($"\"base_model_name_or_path\": \"{ModelId}\"", File.ReadAllText(Path.Combine(remote, "adapter", "adapter_config.json")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_the_hub_does_not_have_is_one_line_and_leaves_nothing()
    {
        var result = RunWithHub(["--model", "somebody/absent", "--train", _task.Train, "--out", _task.Run]);

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("error: somebody/absent: 127.0.0.1", result.Error, StringComparison.Ordinal);
        Assert.Equal(2, result.Error.TrimEnd().Split('\n').Length);
        Assert.False(Directory.Exists(_task.Run));
    }

    private CommandResult RunWithHub(string[] arguments)
    {
        var start = new ProcessStartInfo(TrainProgram.Path, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["HF_ENDPOINT"] = _hub.Endpoint.AbsoluteUri;
        start.Environment["HF_HOME"] = Path.Combine(_task.Folder, "hf");
        start.Environment.Remove("HF_HUB_CACHE");
        using var process = Process.Start(start)!; // the program has been built
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "It did not end.");
        return new CommandResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
