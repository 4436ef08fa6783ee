using LoraOnnx.Model.Runs;
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

    /// <summary>The program as it was built, but for libtorch, whose files are empty.</summary>
    [Fact]
    public void Where_libtorch_does_not_load_the_other_engine_is_taken_with_one_line_that_says_so()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux() && System.Runtime.InteropServices.RuntimeInformation.OSArchitecture
            == System.Runtime.InteropServices.Architecture.X64, "this test knows where linux-x64's libraries lie.");
        var program = Path.Combine(_task.Folder, "program");
        var built = Path.GetDirectoryName(TrainProgram.Path)!; // a file in a folder
        foreach (var file in Directory.EnumerateFiles(built, "*", SearchOption.AllDirectories))
        {
            if (file.Contains("runtimes", StringComparison.Ordinal) && !file.Contains("linux-x64", StringComparison.Ordinal))
            {
                continue; // of other systems
            }

            var copy = Path.Combine(program, Path.GetRelativePath(built, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // a file in a folder
            var isTorch = file.Contains("native", StringComparison.Ordinal) && !Path.GetFileName(file).Contains("onnx", StringComparison.Ordinal);
            if (isTorch)
            {
                File.WriteAllBytes(copy, []);
            }
            else
            {
                File.Copy(file, copy);
            }
        }

        CommandResult Train(params string[] more) =>
            Command.Run(Path.Combine(program, "lora-train"), _task.Arguments(_task.Run, ["--epochs", "1", "--overwrite", .. more]));
        var (asked, left) = (Train("--engine", "torch"), Train());

        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("--engine is torch: libtorch does not load here (", asked.Error, StringComparison.Ordinal);
        Assert.True(left.ExitCode == 0, left.ToString());
        Assert.Single(left.Error.Split('\n'), line => line.StartsWith("engine onnx: libtorch does not load here (", StringComparison.Ordinal));
        Assert.Equal("onnx", RunDirectory.Open(_task.Run).Record.Engine);
    }

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
