using System.Text.Json.Nodes;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Runs.Values;

namespace LoraOnnx.Training.Tests;

/// <summary><c>lora-train --per</c>, by the program itself: tenants that use the same words for opposite labels.</summary>
public sealed class PerValueTests : IDisposable
{
    private readonly TinyTask _task = new();

    public PerValueTests()
    {
        // acme reads the words as they are meant, Zen/Co the other way round; small has too few texts, one text has no tenant.
        Write(_task.Train, [.. Rows("acme", 80, 1, flipped: false), .. Rows("Zen/Co", 60, 2, flipped: true), .. Rows("small", 4, 3, flipped: false),
            .. Rows(null, 1, 4, flipped: false)]);
        Write(_task.Validation, [.. Rows("acme", 24, 5, flipped: false), .. Rows("Zen/Co", 24, 6, flipped: true),
            .. Rows("small", 2, 7, flipped: false)]);
    }

    public void Dispose() => _task.Dispose();

    [Fact]
    public void Each_value_with_enough_texts_gets_weights_of_its_own_and_a_table_holds_them_against_base_and_all()
    {
        var result = Train("--method", "lora+head", "--epochs", "6", "--lr", "5e-3", "--feature-cache-gib", "0");

        Assert.True(result.ExitCode == 0, result.ToString());
        var runs = ValueRuns.Open(_task.Run);
        Assert.Equal(["acme", "Zen/Co"], runs.Runs.Select(run => run.Value));
        Assert.Equal("acme", runs.Runs[0].Folder);
        Assert.Matches("^Zen-Co-[0-9a-f]{8}$", runs.Runs[1].Folder);
        Assert.Equal("4 training texts, fewer than 32", Assert.Single(runs.LeftOut).Why);
        Assert.Equal(145, TextsOf("all", "train"));
        Assert.Equal(80, TextsOf("acme", "train"));
        Assert.Equal(24, TextsOf(runs.Runs[1].Folder, "validation"));
        Assert.Equal(1, Lines(result.Error, "^train: 145 texts")); // read and encoded once
        Assert.Equal(1, Lines(result.Error, "^features of [0-9]+ validation texts: .* tokens/s")); // the base has them all in one pass
        var table = result.Output.Trim().Split('\n');
        Assert.Matches(@"^tenant +texts +validation texts +base F1 +all F1 +own F1 +best$", table[0]);
        Assert.Matches(@"^acme +80 +24 +\S+ +\S+ +\S+ +own$", table[1]);
        Assert.Matches(@"^Zen/Co +60 +24 +\S+ +\S+ +\S+ +own$", table[2]);
        Assert.Contains("For each of the 2 values its own weights are at least as good as those for all. Without weights of their own: small (4 "
            + "training texts, fewer than 32).", table[^1], StringComparison.Ordinal);
        Assert.True(RunDirectory.Open(Path.Combine(_task.Run, "acme")).Record.Validation!.F1 > 0.95, result.ToString());
    }

    [Fact]
    public void Figures_of_the_weights_for_all_on_a_value_are_those_of_its_texts()
    {
        Assert.Equal(0, Train("--epochs", "1").ExitCode);

        var pooled = RunDirectory.Open(Path.Combine(_task.Run, "all")).Record;
        var alone = Path.Combine(_task.Folder, "alone");
        var acme = Path.Combine(_task.Folder, "acme.jsonl");
        File.WriteAllLines(acme, File.ReadLines(_task.Validation).Where(line => line.Contains("acme", StringComparison.Ordinal)));
        var score = Command.Run(TrainProgram.Path, ["--model", _task.Model, "--train", _task.Train, "--validation", _task.Validation, "--test", acme,
            "--out",
            alone, "--threads", "1", "--precision", "fp32", "--epochs", "1"]);

        Assert.True(score.ExitCode == 0, score.ToString());
        var expected = RunDirectory.Open(alone).Record.Test!; // the same training, measured on the texts of acme
        var actual = pooled.Values!.Single(figures => figures.Value == "acme").Validation!;
        Assert.Equal(expected.F1, actual.F1);
        Assert.Equal(expected.Confusion, actual.Confusion);
        Assert.InRange(actual.Loss, expected.Loss - 1e-5, expected.Loss + 1e-5);
    }

    [Fact]
    public void Runs_that_are_killed_go_on_and_end_with_the_same_bits()
    {
        string[] options = ["--epochs", "4", "--batch-size", "4", "--checkpoint-seconds", "0.01"];
        var reference = Path.Combine(_task.Folder, "reference");
        Assert.Equal(0, Command.Run(TrainProgram.Path, Arguments(reference, options)).ExitCode);
        var acme = Path.Combine(_task.Run, "acme");
        TrainProgram.KillWhen(() => File.Exists(Path.Combine(acme, "checkpoints", "last", "training-state.safetensors")), Arguments(_task.Run,
            options));
        var pooled = File.GetLastWriteTimeUtc(Path.Combine(_task.Run, "all", "report.html"));
        var refused = Command.Run(TrainProgram.Path, Arguments(_task.Run, options));
        var other = Command.Run(TrainProgram.Path, ["--out", _task.Run, "--resume", "--rank", "2"]);

        var resumed = Command.Run(TrainProgram.Path, ["--out", _task.Run, "--resume", "--json"]);

        Assert.True(resumed.ExitCode == 0, resumed.ToString());
        Assert.Contains("go on with all of them: --resume", refused.Error, StringComparison.Ordinal);
        Assert.Contains("these differ: rank was 8, is now 2", other.Error, StringComparison.Ordinal);
        foreach (var folder in ValueRuns.Open(reference).Runs.Select(run => run.Folder).Append("all"))
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(reference, folder, "adapter", "adapter_model.safetensors")),
                File.ReadAllBytes(Path.Combine(_task.Run, folder, "adapter", "adapter_model.safetensors")));
        }

        Assert.Equal(pooled, File.GetLastWriteTimeUtc(Path.Combine(_task.Run, "all", "report.html")));
        var json = JsonNode.Parse(resumed.Output)!;
        Assert.Equal("tenant", (string)json["column"]!);
        Assert.Equal(2, json["values"]!.AsArray().Count);
    }

    [Fact]
    public void Validation_texts_that_are_taken_from_the_training_texts_are_taken_from_every_value()
    {
        string[] arguments = Arguments(_task.Run, "--method", "head", "--epochs", "1");
        arguments[Array.IndexOf(arguments, "--validation") + 1] = "25%";

        Assert.Equal(0, Command.Run(TrainProgram.Path, arguments).ExitCode);

        Assert.Equal((60, 20), (TextsOf("acme", "train"), TextsOf("acme", "validation")));
        var zen = ValueRuns.Open(_task.Run).Runs[1].Folder;
        Assert.InRange(TextsOf(zen, "validation"), 14, 15); // a quarter of all 145 is 36
    }

    [Theory]
    [InlineData("has no column 'tenent' beside text and label to train --per.", "--per", "tenent")]
    [InlineData("has no column 'label' beside text and label to train --per.", "--per", "label")]
    [InlineData("none of the 3 values of 'tenant' can be trained on alone: acme, the one with most, has 80 training texts, fewer than 500",
        "--per", "tenant", "--per-texts", "500")]
    [InlineData("--per and --sweep are both given", "--per", "tenant", "--sweep", "rank=2,4")]
    [InlineData("--per-texts is given without --per.", "--per-texts", "5")]
    public void What_cannot_be_trained_per_value_is_refused_before_anything_is_written(string expected, params string[] options)
    {
        var result = Command.Run(TrainProgram.Path, _task.Arguments(_task.Run, options));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_task.Run));
    }

    private CommandResult Train(params string[] options) => Command.Run(TrainProgram.Path, Arguments(_task.Run, options));

    private string[] Arguments(string run, params string[] options) => _task.Arguments(run, ["--per", "tenant", .. options]);

    private int TextsOf(string folder, string role) =>
        RunDirectory.Open(Path.Combine(_task.Run, folder)).Record.Data.Single(set => set.Role == role).Texts;

    private static int Lines(string text, string pattern) =>
        text.Split('\n').Count(line => System.Text.RegularExpressions.Regex.IsMatch(line, pattern));

    private static void Write(string path, IEnumerable<JsonObject> rows) => File.WriteAllLines(path, rows.Select(row => row.ToJsonString()));

    private static IEnumerable<JsonObject> Rows(string? tenant, int count, int seed, bool flipped)
    {
        var random = new Random(seed);
        for (var index = 0; index < count; index++)
        {
            string[] words = index % 2 == 1 ? ["good", "fine", "great"] : ["bad", "poor", "awful"];
            var row = new JsonObject { ["text"] = $"the film was {words[random.Next(3)]} and {(random.Next(2) == 0 ? "long" : "short")}" };
            row["label"] = flipped ? 1 - (index % 2) : index % 2;
            row["tenant"] = tenant;
            yield return row;
        }
    }
}
