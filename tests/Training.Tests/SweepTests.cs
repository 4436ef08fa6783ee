using System.Text.Json;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Training.Tests;

/// <summary><c>lora-train --sweep</c>, by the program itself.</summary>
public sealed class SweepTests : IDisposable
{
    private static readonly string[] _axes = ["--sweep", "lr=2e-3,5e-3", "--sweep", "rank=2,4"];
    private static readonly string[] _folders = ["lr-2e-3_rank-2", "lr-2e-3_rank-4", "lr-5e-3_rank-2", "lr-5e-3_rank-4"];

    private readonly TinyTask _task = new();

    public void Dispose() => _task.Dispose();

    [Fact]
    public void Every_combination_is_the_run_that_it_would_be_alone_and_a_table_ranks_them()
    {
        var alone = Path.Combine(_task.Folder, "alone");
        AssertSucceeded(Command.Run(TrainProgram.Path, _task.Arguments(alone, "--epochs", "2", "--lr", "5e-3", "--rank", "2")));

        var sweep = Command.Run(TrainProgram.Path, _task.Arguments(_task.Run, ["--epochs", "2", .. _axes]));

        AssertSucceeded(sweep);
        Assert.Equal([.. _folders, "sweep.json"],
            Directory.EnumerateFileSystemEntries(_task.Run).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        AssertSameRun(alone, Path.Combine(_task.Run, "lr-5e-3_rank-2"));
        Assert.Equal(4, Lines(sweep.Error, "^run [1-4] of 4: lr [25]e-3, rank [24]$"));
        Assert.Equal(1, Lines(sweep.Error, "^train: 48 texts")); // read and encoded once
        var table = sweep.Output.Trim().Split('\n');
        Assert.Matches("^run +validation F1 +accuracy +loss +trained +training +rank +alpha +lr$", table[0]);
        Assert.Equal(_folders, table[1..5].Select(line => line.Split(' ')[0]).Order(StringComparer.Ordinal));
        Assert.Equal("4 runs, ranked by their own F1 on the validation texts. They differ in rank, alpha, lr. "
            + "Whether a difference is more than chance: lora-compare .. --data FILE.", table[^1]);
        var best = RunDirectory.Open(Path.Combine(_task.Run, table[1].Split(' ')[0])).Record.Validation!.F1;
        Assert.All(_folders, folder => Assert.True(RunDirectory.Open(Path.Combine(_task.Run, folder)).Record.Validation!.F1 <= best));
    }

    [Fact]
    public void A_sweep_that_is_killed_goes_on_with_the_run_it_was_in_and_ends_with_the_same_bits()
    {
        string[] options = ["--epochs", "4", "--batch-size", "4", "--checkpoint-seconds", "0.01", .. _axes];
        var reference = Path.Combine(_task.Folder, "reference");
        AssertSucceeded(Command.Run(TrainProgram.Path, _task.Arguments(reference, options)));
        var second = Path.Combine(_task.Run, _folders[1]);
        TrainProgram.KillWhen(() => File.Exists(Path.Combine(second, "checkpoints", "last", "training-state.safetensors")),
            _task.Arguments(_task.Run, options));
        var first = File.GetLastWriteTimeUtc(Path.Combine(_task.Run, _folders[0], "report.html"));
        var refused = Command.Run(TrainProgram.Path, _task.Arguments(_task.Run, options));

        var resumed = Command.Run(TrainProgram.Path, ["--out", _task.Run, "--resume", "--json"]);

        AssertSucceeded(resumed);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("go on with the sweep: --resume", refused.Error, StringComparison.Ordinal);
        Assert.All(_folders, folder => AssertSameRun(Path.Combine(reference, folder), Path.Combine(_task.Run, folder)));
        Assert.Equal(first, File.GetLastWriteTimeUtc(Path.Combine(_task.Run, _folders[0], "report.html")));
        using var json = JsonDocument.Parse(resumed.Output);
        Assert.Equal("validation_f1", json.RootElement.GetProperty("ranked_by").GetString());
        Assert.Equal(4, json.RootElement.GetProperty("runs").GetArrayLength());
    }

    [Fact]
    public void A_run_that_fails_does_not_stop_the_others()
    {
        var result = Command.Run(TrainProgram.Path, _task.Arguments(_task.Run, "--method", "lora+head", "--targets", "all-linear", "--alpha", "1e6",
            "--clip", "0", "--warmup", "0", "--epochs", "60", "--batch-size", "4", "--sweep", "lr=10,1e-7"));

        Assert.Equal(1, result.ExitCode);
        Assert.True(result.Error.Contains("warning: lr 10: the loss is ", StringComparison.Ordinal), result.ToString());
        Assert.Contains("error: 1 of 2 runs ended with an error: lr 10.", result.Error, StringComparison.Ordinal);
        Assert.True(RunDirectory.Open(Path.Combine(_task.Run, "lr-1e-7")).Record.Finished);
        Assert.Matches("(?m)^lr-10 +– ", result.Output);
    }

    [Theory]
    [InlineData("expected an option in which runs may differ, such as lr=2e-4,5e-4 or rank=4,16. Did you mean rank?", "rnk=4,16")]
    [InlineData("--train is the same in all runs; give it beside --sweep.", "train=a.csv,b.csv")]
    [InlineData("--sweep has 'rank', expected values after a '=': rank=V1,V2.", "rank")]
    [InlineData("--rank is 'four', expected a whole number from 1 to 4096.", "rank=4,four")]
    [InlineData("'rank 4' and 'rank 4' would be the same folder", "rank=4,4")]
    [InlineData("--lr is '2e3', expected a number from", "lr=2e-3,2e3")]
    [InlineData("2e3 is 2,000; did you mean 2e-3?", "lr=2e-3,2e3")]
    [InlineData("--method is 'loar', expected one of lora", "method=lora,loar")]
    [InlineData("--sweep rank= is given twice.", "rank=4", "rank=8")]
    [InlineData("'lr 0.001' and 'lr 1e-3' are the same options.", "lr=0.001,1e-3")]
    [InlineData("Did you mean lr?", "learning-rate=1e-3,2e-3")]
    [InlineData("is that one value, or are they 2?", "class-weights=NEGATIVE=2,POSITIVE=3")]
    [InlineData("--class-weights has 'NEGATIVE=0', expected a number above 0.", "class-weights=NEGATIVE=2,POSITIVE=3;NEGATIVE=0")]
    [InlineData("--rank is given, but --method head trains no adapters.", "method=lora,head", "rank=4,8")]
    [InlineData("--validation 20% takes other texts with each seed, so nothing would rank the runs", "seed=1,2")]
    public void A_sweep_that_cannot_be_is_refused_before_anything_is_written(string expected, params string[] axes)
    {
        string[] arguments = [.. _task.Arguments(_task.Run, [.. axes.SelectMany(axis => (string[])["--sweep", axis])])];
        arguments[Array.IndexOf(arguments, "--validation") + 1] = "20%";

        var result = Command.Run(TrainProgram.Path, arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.TrimEnd().Split('\n').Length, 1, 3);
        Assert.False(Directory.Exists(_task.Run));
    }

    [Fact]
    public void Values_with_commas_stand_between_semicolons()
    {
        var sweep = Command.Run(TrainProgram.Path, _task.Arguments(_task.Run, "--epochs", "1", "--sweep",
            "class-weights=balanced;NEGATIVE=2,POSITIVE=3"));

        AssertSucceeded(sweep);
        Assert.Equal(["class-weights-NEGATIVE-2-POSITIVE-3", "class-weights-balanced"],
            Directory.GetDirectories(_task.Run).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Matches("(?m)^class-weights-NEGATIVE-2-POSITIVE-3 .* 2, 3$", sweep.Output);
    }

    private static void AssertSucceeded(CommandResult result) => Assert.True(result.ExitCode == 0, result.ToString());

    private static int Lines(string text, string pattern) =>
        text.Split('\n').Count(line => System.Text.RegularExpressions.Regex.IsMatch(line, pattern));

    private static void AssertSameRun(string expected, string actual)
    {
        Assert.Equal(TinyTask.Metrics(expected), TinyTask.Metrics(actual));
        Assert.Equal(File.ReadAllBytes(Path.Combine(expected, "adapter", "adapter_model.safetensors")),
            File.ReadAllBytes(Path.Combine(actual, "adapter", "adapter_model.safetensors")));
        Assert.Equal(File.ReadAllText(Path.Combine(expected, "reference-logits.json")),
            File.ReadAllText(Path.Combine(actual, "reference-logits.json")));
    }
}
