namespace LoraOnnx.Packages.Tests;

/// <summary>
/// The programs as they are published for win-x64, self-contained, under wine: what is read, written, renamed and locked there goes by Windows'
/// rules, and what is computed is what is computed here.
/// </summary>
public sealed class WindowsTests : IDisposable
{
    private const double Tolerance = 1e-5; // of logits and losses

    private readonly TemporaryFolder _folder = new();
    private readonly PublishedPrograms _windows;
    private readonly TinyTraining _task;

    public WindowsTests()
    {
        _task = new TinyTraining(_folder.Path);
        _windows = new PublishedPrograms(_folder.Path, "win-x64", "wine", new Dictionary<string, string>
        {
            ["WINEDEBUG"] = "-all", // its own remarks are no output of ours
            ["DOTNET_EnableWriteXorExecute"] = "0", // W^X needs what wine has not
            ["WINEPREFIX"] = $"{_folder.Path}/prefix",
        });
    }

    public void Dispose()
    {
        if (Directory.Exists($"{_folder.Path}/prefix"))
        {
            Command.Run("/usr/lib/wine/wineserver", ["-k"], environment: _windows.Surroundings); // it would write into its folder when that goes
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task A_model_is_trained_merged_compared_scored_and_served_under_wine_with_the_numbers_of_this_system()
    {
        Requirement.ProcessorHas(PublishedPrograms.IsLinuxX64, "this is not Linux on x64.");
        Requirement.SkipUnless(File.Exists("/usr/bin/wine"), "wine is not installed.");
        _windows.PublishTogether(["Training/Program", "Merge", "Scoring", "Evaluation", "Serving"]);
        var (run, onnx) = ($"{_folder.Path}/run", $"{_folder.Path}/onnx");

        var trained = _windows.Run("lora-train", _task.Arguments(run));
        _windows.Run("lora-merge", "--run", run, "--out", $"{onnx}/model.onnx");
        _windows.Run("lora-merge", "--run", run, "--out", $"{onnx}/model.onnx"); // over the first
        PublishedPrograms.Here("lora-train", null, [.. _task.Arguments($"{run}-here"), "--engine", "onnx"]);
        PublishedPrograms.Here("lora-merge", null, "--run", $"{run}-here", "--out", $"{onnx}-here/model.onnx");

        // torch is tried, and the line says how that ended
        Assert.Single(trained.Error.Split('\n'), line => line.Contains("engine onnx: libtorch does not load here", StringComparison.Ordinal));
        TinyTraining.AssertClose(TinyTraining.Losses($"{run}-here"), TinyTraining.Losses(run), Tolerance);
        var there = _task.Compare(arguments => _windows.Run("lora-compare", arguments), onnx, $"{onnx}-here");
        var here = _task.Compare(arguments => PublishedPrograms.Here("lora-compare", null, arguments), onnx, $"{onnx}-here");
        TinyTraining.AssertClose(here[36..], here[..36], Tolerance); // two trainings: 12 texts, 3 labels
        TinyTraining.AssertClose(here, there, Tolerance);
        TinyTraining.AssertClose(Scores(_windows.Run, "there", onnx), Scores(Here, "here", onnx), Tolerance);
        var (served, asked) = await _windows.ServeAsync(onnx, address =>
            (_task.AskedLogits(address),
                _windows.Run("lora-serve", "predict", "--address", address, "--timeout", TinyTraining.Patience, "the film was good").Output));
        TinyTraining.AssertClose(here[..36], served, Tolerance);
        Assert.NotEmpty(asked);
    }

    /// <summary>The scores that lora-score writes for the texts.</summary>
    private double[] Scores(Func<string, string[], CommandResult> run, string name, string model)
    {
        var scored = $"{_folder.Path}/{name}.jsonl";
        run("lora-score", ["--model", model, "--in", _task.Data, "--out", scored]);
        return [.. File.ReadLines(scored).SelectMany(line => System.Text.Json.JsonDocument.Parse(line).RootElement.EnumerateObject())
            .Where(member => member.Value.ValueKind == System.Text.Json.JsonValueKind.Number).Select(member => member.Value.GetDouble())];
    }

    private static CommandResult Here(string program, string[] arguments) => PublishedPrograms.Here(program, null, arguments);
}
