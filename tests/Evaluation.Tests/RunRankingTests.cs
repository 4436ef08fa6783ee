using System.Text.Json;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Evaluation.Tests;

/// <summary><c>lora-compare runs/*</c>: no texts, no scoring, the runs' own figures.</summary>
public sealed class RunRankingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Runs_are_ranked_by_their_own_figures_with_the_options_that_differ()
    {
        Write("slow", 0.90, """{"rank":4,"learning_rate":0.0002,"seed":42}""", test: 0.95);
        Write("fast", 0.93, """{"rank":16,"learning_rate":0.0002,"seed":42}""");
        Write("cut", null, """{"rank":8,"learning_rate":null,"seed":42}""");
        _folder.Write("notes.txt", "no run");

        var table = Compare("slow", "fast", "cut", "notes.txt");
        var json = Compare("slow", "fast", "cut", "--json");

        Assert.True(table.ExitCode == 0, table.ToString());
        var lines = table.Output.Split('\n');
        Assert.Matches("^run +validation F1 +accuracy +loss +test F1 .* rank +lr$", lines[0]);
        Assert.Matches(@"^fast +93\.00 .* 16 +0\.0002$", lines[1]);
        Assert.Matches(@"^slow +90\.00 .* 95\.00 .* 4 +0\.0002$", lines[2]);
        Assert.Matches("^cut +– .* 8 +–$", lines[3]);
        Assert.Contains("They differ in rank, lr.", table.Output, StringComparison.Ordinal);
        Assert.Contains("notes.txt is not a run of lora-train; it is left out.", table.Error, StringComparison.Ordinal);
        using var parsed = JsonDocument.Parse(json.Output);
        Assert.Equal(["fast", "slow", "cut"],
            parsed.RootElement.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("name").GetString()));
        Assert.Equal("16", parsed.RootElement.GetProperty("runs")[0].GetProperty("options").GetProperty("rank").GetString());
    }

    [Fact]
    public void Of_an_option_that_a_run_has_twice_the_last_counts()
    {
        Write("twice", 0.90, """{"rank":4,"rank":8,"learning_rate":0.1,"lr":0.2}""");
        Write("once", 0.93, """{"rank":16,"learning_rate":0.0002}""");

        var lines = Compare("twice", "once").Output.Split('\n');

        Assert.Matches(@"^once .* 16 +0\.0002$", lines[1]);
        Assert.Matches(@"^twice .* 8 +0\.2$", lines[2]);
    }

    [Fact]
    public void The_options_that_differ_are_those_in_effect_whoever_chose_them()
    {
        const string Given = """{"rank":8,"learning_rate":null,"head_learning_rate":null,"epochs":null,"warmup":0.06}""";
        Write("short", 0.90, Given, effective:
            """{"adapters":{"rank":8},"phases":[{"learns":"lora","epochs":3,"learning_rate":0.0015}],"warmup":0.06}""");
        Write("long", 0.93, Given, effective:
            """{"adapters":{"rank":8},"phases":[{"learns":"lora","epochs":3,"learning_rate":0.0005}],"warmup":0.06}""");
        Write("head", 0.91, Given, effective:
            """{"adapters":null,"phases":[{"learns":"head","epochs":15,"head_learning_rate":0.001}],"warmup":0.06}""");

        var lines = Compare("short", "long", "head").Output.Split('\n');

        Assert.Matches("^run .* rank +lr +lr-head +epochs$", lines[0]);
        Assert.Matches(@"^long .* 8 +0\.0005 +– +3$", lines[1]);
        Assert.Matches(@"^head .* – +– +0\.001 +15$", lines[2]);
        Assert.Matches(@"^short .* 8 +0\.0015 +– +3$", lines[3]);
        Assert.Contains("They differ in rank, lr, lr-head, epochs.", lines[5], StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_that_measured_themselves_on_other_texts_are_not_ranked()
    {
        Write("one", 0.9, "{}");
        Write("two", 0.8, "{}", hash: "other");

        var result = Compare("one", "two");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("error: one and two measured themselves on other validation texts", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("multi_label_classification", "joy pace",
        "one has 2 classes (NEGATIVE, POSITIVE), two has 2 labels of which any may hold (joy, pace)")]
    [InlineData("single_label_classification", "1 2 3", "one has 2 classes (NEGATIVE, POSITIVE), two has 3 classes (1, 2, 3)")]
    public void Runs_of_other_kinds_are_not_ranked_and_told_apart(string problem, string labels, string expected)
    {
        Write("one", 0.9, "{}", labels: ["NEGATIVE", "POSITIVE"]);
        Write("two", 0.8, "{}", labels: labels.Split(' '), problem: problem);
        _folder.Write("sweep.json", "{}");

        var result = Compare("one", "two", "sweep.json");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal($"error: {expected}: their figures do not rank them.\nhint:  give runs of the same classes.\n", result.Error);
    }

    [Fact]
    public void The_folder_of_a_sweep_says_how_its_runs_are_compared()
    {
        Write("one", 0.9, "{}");
        _folder.Write("sweep.json", "{}");
        var data = _folder.Write("data.csv", "text,label\ngood,1\n");

        var ranked = Command.Run(Repository.Path("bin", "lora-compare"), [_folder.Path]);
        var scored = Command.Run(Repository.Path("bin", "lora-compare"), [_folder.Path, "--data", data]);

        Assert.Contains($"hint:  the runs of a sweep are ranked so: lora-compare {_folder.Path}/*\n", ranked.Error, StringComparison.Ordinal);
        Assert.Contains($"error: {_folder.Path}: is the folder of a sweep, expected a model.\n", scored.Error, StringComparison.Ordinal);
        Assert.Contains("or name one of the runs in it: one.", scored.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error: --data FILE is missing, and notes.txt is not a run of lora-train.", "notes.txt")]
    [InlineData("error: --out needs --data FILE.", "one", "--out", "report.html")]
    public void What_does_not_go_without_data_is_said(string expected, params string[] arguments)
    {
        Write("one", 0.9, "{}");
        _folder.Write("notes.txt", "no run");

        var result = Compare(arguments);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.Error.Replace($"{_folder.Path}/", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private CommandResult Compare(params string[] arguments) => Command.Run(Repository.Path("bin", "lora-compare"),
        [.. arguments.Select(argument => Path.Exists(Path.Combine(_folder.Path, argument)) ? Path.Combine(_folder.Path, argument) : argument)]);

    private void Write(string name, double? f1, string options, string hash = "same", double? test = null, string? effective = null,
        string[]? labels = null, string problem = "single_label_classification") =>
        RunDirectory.WriteRecord(Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName, new RunRecord
        {
            ToolVersion = "0",
            Method = "lora",
            Model = "base",
            ModelDirectory = "base",
            ModelHash = "0",
            MaxLength = 64,
            Precision = "fp32",
            Device = "cpu",
            TrainedParameters = 256,
            TrainingSeconds = 12.5,
            TrainedTokens = 4096,
            Finished = f1 is not null,
            Data = [new RunData { Role = "validation", Source = "v.jsonl", Hash = hash, Texts = 10, Tokens = 100, CutTexts = 0,
            Classes = new Dictionary<string, int>() }],
            Validation = Figures(f1),
            Test = Figures(test),
            Labels = labels,
            ProblemType = problem,
            Options = JsonDocument.Parse(options).RootElement,
            Effective = effective is null ? null : JsonDocument.Parse(effective).RootElement,
        });

    private static RunMetrics? Figures(double? f1) => f1 is not { } share ? null : new RunMetrics
    {
        Step = 1,
        Epoch = 1,
        Loss = 0.1,
        F1 = share,
        Accuracy = share,
        MacroF1 = share,
        Precision = share,
        Recall = share,
    };
}
