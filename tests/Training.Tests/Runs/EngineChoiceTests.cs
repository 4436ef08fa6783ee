using LoraOnnx.Training.Tests.Engine;

namespace LoraOnnx.Training.Tests.Runs;

public sealed class EngineChoiceTests : IDisposable
{
    private readonly TinyTask _task = new();

    public void Dispose() => _task.Dispose();

    [Theory]
    [InlineData("onnx", "onnxruntime", "torchsharp")]
    [InlineData("torch", "torchsharp", "onnxruntime")]
    public void A_run_names_what_computed(string engine, string library, string other)
    {
        var record = TrainedRun.Train(_task.Arguments(_task.Run, "--epochs", "1", "--engine", engine)).Record;

        Assert.Equal(engine, record.Engine);
        Assert.Contains(library, record.Libraries.Keys);
        Assert.DoesNotContain(other, record.Libraries.Keys);
    }

    [Fact]
    public void Where_libtorch_loads_it_is_taken() =>
        Assert.Equal("torch", TrainedRun.Train(_task.Arguments(_task.Run, "--epochs", "1")).Record.Engine);

    [Fact]
    public void Phases_of_adapters_and_head_go_the_same_way_on_either()
    {
        const double Tolerance = 1e-4; // fp32 sums in another order, over 22 steps
        var losses = Engines.All.Select(engine =>
        {
            var run = TrainedRun.Train(_task.Arguments($"{_task.Run}-{engine}", "--engine", engine, "--method", "lora+head", "--lora-epochs", "2",
                "--head-epochs", "4", "--dora", "--lora-dropout", "0.1", "--gradient-accumulation", "2"));
            return run.Steps.Select(step => step.GetProperty("loss").GetDouble()).ToList();
        }).ToList();

        Assert.Equal(losses[0].Count, losses[1].Count);
        Assert.All(losses[0].Zip(losses[1]), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    [Fact]
    public void What_the_engine_does_not_compute_in_is_refused()
    {
        var failure = Assert.Throws<InputException>(
            () => TrainedRun.Train(
                [.. _task.Arguments(_task.Run, "--engine", "onnx").Select(argument => argument == "fp32" ? "bf16" : argument)]));

        Assert.Contains("--engine onnx computes in fp32", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_task.Run) && Directory.EnumerateFileSystemEntries(_task.Run).Any());
    }
}
