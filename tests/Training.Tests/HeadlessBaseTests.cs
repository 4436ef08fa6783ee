using System.Text.Json;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Tests;

/// <summary>A DistilBERT body without a classification head: a new head is announced and comes from the seed; without training one it is an
/// error.</summary>
public sealed class HeadlessBaseTests : IDisposable
{
    private readonly TinyTask _task = new(trainTexts: 16, validationTexts: 8);

    public HeadlessBaseTests()
    {
        var weights = Checkpoint.Open(_task.Model).LoadWeights();
        SafetensorsWriter.Write(Path.Combine(_task.Model, "model.safetensors"),
            weights.Tensors.SkipLast(4).Select(tensor => new NamedTensor(tensor.Name["distilbert.".Length..], tensor.Shape, tensor.Values)));
    }

    public void Dispose() => _task.Dispose();

    [Fact]
    public void A_new_head_is_announced_seeded_and_written_down()
    {
        var result = Command.Run(Repository.Path("bin", "lora-train"),
            _task.Arguments(_task.Run, "--method", "lora+head", "--epochs", "1", "--seed", "7"));

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("has no classification head: a new one is made from seed 7", result.Error, StringComparison.Ordinal);
        using var record = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_task.Run, "run.json")));
        Assert.Equal(7, record.RootElement.GetProperty("new_head_seed").GetInt32());
        Assert.True(File.Exists(Path.Combine(_task.Run, "head", "model.safetensors")));
    }

    [Fact]
    public void Training_adapters_alone_becomes_training_a_head_too()
    {
        var result = Command.Run(Repository.Path("bin", "lora-train"), _task.Arguments(_task.Run, "--method", "lora"));

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("--method lora becomes lora+head: a new head must be trained.", result.Error, StringComparison.Ordinal);
        Assert.Equal("lora+head", RunDirectory.Open(_task.Run).Record.Method);
        Assert.NotNull(RunDirectory.Open(_task.Run).HeadDirectory);
    }
}
