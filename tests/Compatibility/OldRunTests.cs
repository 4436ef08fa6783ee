namespace LoraOnnx.Compatibility.Tests;

/// <summary>Runs that the programs of e149586 began or ended.</summary>
public sealed class OldRunTests : IDisposable
{
    private readonly OldFiles _old = new();

    public void Dispose() => _old.Dispose();

    /// <summary>The expected files were written at e149586 by the same run without an interruption: its random numbers, rates and sums.</summary>
    [Theory]
    [InlineData("adapters", "adapter/adapter_model.safetensors")]
    [InlineData("new-head", "adapter/adapter_model.safetensors")]
    [InlineData("new-head", "head/model.safetensors")]
    [InlineData("head", "head/model.safetensors")]
    public void A_resumed_run_ends_as_it_would_have_ended_then(string run, string written)
    {
        var folder = _old[Path.Combine("interrupted", run)];

        Assert.Equal(0, Program("lora-train", "--out", folder, "--resume").ExitCode);

        Assert.Equal(File.ReadAllBytes(_old[Path.Combine("expected", run, Path.GetFileName(written))]),
            File.ReadAllBytes(Path.Combine(folder, written)));
    }

    [Fact]
    public async Task A_finished_run_is_merged_into_the_model_that_it_was_then()
    {
        var onnx = _old["merged/model.onnx"];

        var merged = Program("lora-merge", "--run", _old["finished"], "--out", onnx);

        Assert.Contains("proven:", merged.ToString(), StringComparison.Ordinal);
        using var server = await ServerProcess.StartAsync("--model", Path.GetDirectoryName(onnx)!);
        await OldAnswers.Check(server);
    }

    private static CommandResult Program(string name, params string[] arguments)
    {
        var result = Command.Run(Repository.Path("bin", name), arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result;
    }
}
