using System.Diagnostics;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Training.Tests;

/// <summary>What a person meets who gives lora-train something wrong: one to three lines, exit 1, nothing left behind.</summary>
public sealed class CommandErrorTests : IDisposable
{
    private readonly TinyTask _task = new(trainTexts: 8, validationTexts: 4);

    public void Dispose() => _task.Dispose();

    [Fact]
    public void A_model_that_is_not_there() =>
        AssertError(["no such directory"], "--model", Path.Combine(_task.Folder, "absent"));

    [Fact]
    public void Training_texts_that_are_not_there() =>
        AssertError(["absent.jsonl", "no such file"], "--train", Path.Combine(_task.Folder, "absent.jsonl"));

    [Fact]
    public void An_unknown_option() => AssertError(["--learning-speed"], "--learning-speed", "3");

    [Fact]
    public void A_safetensors_file_that_is_cut_short()
    {
        var path = Path.Combine(_task.Model, "model.safetensors");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..2000]);

        AssertError(["model.safetensors"]);
    }

    [Fact]
    public void Weights_that_are_no_numbers()
    {
        var path = Path.Combine(_task.Model, "model.safetensors");
        List<NamedTensor> tensors;
        using (var file = SafetensorsFile.Open(path))
        {
            tensors = [.. file.Names.Select(file.Read)];
        }

        SafetensorsWriter.Write(path,
            tensors.Select(tensor => tensor.Name != "classifier.weight"
                ? tensor
                : new NamedTensor(tensor.Name, tensor.Shape, [.. tensor.Values.Select(_ => float.NaN)])));
        var result = Command.Run(TrainProgram.Path, _task.Arguments(_task.Run));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("model.safetensors: tensor 'classifier.weight': ", result.Error, StringComparison.Ordinal);
        Assert.Contains("numbers are not finite", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_of_another_model()
    {
        var path = Path.Combine(_task.Model, "config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"hidden_dim\":64", "\"hidden_dim\":128", StringComparison.Ordinal));

        AssertError(["model.safetensors", "ffn.lin", "config.json implies", "different models"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"text\": \"good\"}")]
    [InlineData("{\"text\": \"good\", \"label\": null}")]
    [InlineData("not json")]
    public void A_malformed_line_of_data(string line)
    {
        File.WriteAllLines(_task.Train, ["{\"text\": \"good film\", \"label\": 1}", line, "{\"text\": \"bad film\", \"label\": 0}"]);

        AssertError(["train.jsonl:2"]);
    }

    [Fact]
    public void An_output_directory_that_cannot_be_written()
    {
        // Permissions do not bind root, in whose containers tests run; a file in the way binds everybody.
        var file = Path.Combine(_task.Folder, "file");
        File.WriteAllText(file, "");

        AssertError(["cannot be written"], "--out", Path.Combine(file, "run"));
    }

    [Fact]
    public void A_GPU_on_a_CPU_build() => AssertError(["cuda", "Accelerator=cuda"], "--device", "cuda");

    [Fact]
    public void A_folder_that_holds_no_libtorch()
    {
        var result = Command.Run(TrainProgram.Path, _task.Arguments(_task.Run),
            environment: new Dictionary<string, string> { ["LORA_ONNX_LIBTORCH"] = _task.Folder });

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"LORA_ONNX_LIBTORCH is '{_task.Folder}', where there is no libtorch.so.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_length_that_the_model_cannot_take() => AssertError(["--max-length is 64", "32"], "--max-length", "64");

    [Fact]
    public void A_target_that_the_model_does_not_have() => AssertError(["'gate_proj'", "q_lin"], "--targets", "gate_proj");

    [Fact]
    public void A_preset_that_does_not_exist() => AssertError(["--preset is 'modern', expected original."], "--preset", "modern");

    [Fact]
    public void Options_of_adapters_where_none_are_trained() =>
        AssertError(["--rank, --dora are given, but --method head trains no adapters."], "--method", "head", "--dora", "--rank", "4");

    [Fact]
    public void A_file_in_the_way_of_a_folder_is_no_bug_of_the_program()
    {
        var run = Runs.TrainedRun.Train(_task.Arguments(_task.Run, "--epochs", "1"));
        RunDirectory.WriteRecord(_task.Run, run.Record with { Finished = false });
        var folder = Path.Combine(_task.Run, "tensorboard");
        Directory.Delete(folder, recursive: true);
        File.WriteAllText(folder, "");

        var result = Command.Run(TrainProgram.Path, ["--out", _task.Run, "--resume"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Matches($"error: .*{folder}", result.Error);
        Assert.DoesNotContain("bug", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_to_resume()
    {
        var result = Command.Run(TrainProgram.Path, ["--out", _task.Run, "--resume"]);

        Assert.Equal((1, $"error: {_task.Run}: holds no run to go on with.\nhint:  check --out; or begin a run: --model MODEL --train FILE.\n"),
            (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task An_interrupted_run_says_how_to_go_on_and_does()
    {
        // What runs behind nohup or & passes SIGINT over, and so would its children: env puts that right.
        string[] started = ["--default-signal=INT", TrainProgram.Path, .. _task.Arguments(_task.Run, "--epochs", "2000", "--checkpoint-seconds",
            "1000")];
        using (var process = Command.Start("env", started))
        {
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            WaitFor(() => File.Exists(Path.Combine(_task.Run, "checkpoints", "last", "training-state.safetensors")));
            AssertError(["another lora-train"], "--out", _task.Run, "--resume");
            using var signal = Process.Start("kill", ["-INT", $"{process.Id}"]);
            if (!process.WaitForExit(TimeSpan.FromSeconds(30)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail("It did not end after SIGINT.");
            }

            Assert.Equal(130, process.ExitCode);
            Assert.Contains($"lora-train --out {_task.Run} --resume", await errors);
        }

        AssertError(["holds a run already"], "--out", _task.Run);
        var changed = Command.Run(TrainProgram.Path, ["--out", _task.Run, "--resume", "--rank", "4", "--epochs", "3"]);
        Assert.Equal(1, changed.ExitCode);
        Assert.Contains("epochs was 2000, is now 3; rank was 8, is now 4",
            string.Join("; ", changed.Error.Split('\n')[0].Split("differ: ")[1].TrimEnd('.').Split("; ").Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void A_run_that_is_to_be_replaced_is_lost_only_once_the_new_one_can_begin()
    {
        Directory.CreateDirectory(_task.Run);
        File.WriteAllText(Path.Combine(_task.Run, "run.json"), "{}");

        AssertError(["no such file"], "--train", Path.Combine(_task.Folder, "absent.jsonl"), "--overwrite");

        Assert.Equal("{}", File.ReadAllText(Path.Combine(_task.Run, "run.json")));
    }

    /// <summary>Runs with the task's arguments and <paramref name="more"/> in place of those of the same name.</summary>
    private void AssertError(string[] expected, params string[] more)
    {
        var arguments = _task.Arguments(_task.Run).Chunk(2).Where(pair => !more.Contains(pair[0])).SelectMany(pair => pair).Concat(more);
        var hadRun = Directory.Exists(_task.Run);

        var result = Command.Run(TrainProgram.Path, arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.All(expected, part => Assert.Contains(part, result.Error));
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.TrimEnd().Split('\n').Length, 1, 3);
        Assert.Equal(hadRun, Directory.Exists(_task.Run));
    }

    private static void WaitFor(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "It did not happen within a minute.");
            Thread.Sleep(10);
        }
    }
}
