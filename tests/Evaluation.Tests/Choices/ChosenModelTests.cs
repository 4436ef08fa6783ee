using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Tests.Support;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Tests.Choices;

/// <summary>Choices on validation texts, from the command line to calibration.json.</summary>
public sealed class ChosenModelTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task The_scale_with_the_best_F1_on_the_validation_texts_is_the_model_that_the_test_texts_see()
    {
        var options = new CompareOptions
        {
            Models = TinyModels.Arguments($"raw={_model.Checkpoint}", $"lora={_model.Run("run")}"),
            Data = TinyTexts.Write(_model.Folder, 120, seed: 2),
            Validation = TinyTexts.Write(_model.Folder, 80, seed: 3),
            SweepScales = [0, 0.5, 1, 1.5],
        };

        var (report, scores) = await TinyModels.CompareAsync(options);

        var choice = report.Models[1].Choice!;
        Assert.Null(report.Models[0].Choice);
        Assert.Equal(options.SweepScales, choice.Curve.Select(point => point.Scale));
        Assert.True(choice.Curve.Select(point => point.LogLoss).Distinct().Count() == 4, "the scales give the same answers: the test shows nothing");
        Assert.Equal(choice.Curve.Max(point => point.F1), choice.Curve.Single(point => point.Scale == choice.Scale).F1);
        Assert.Equal(choice.Scale, report.Models[1].Card.Scale);
        using var merged = new ModelLoader(
            options).LoadRun("again", RunWeights.Read(options.Models[1].Path, CancellationToken.None), choice.Scale!.Value);
        var again = await new ScoringPass([merged], [], 2).RunAsync(
            TestTexts.Scan(options.Data, new TextOptions(), _model.Config.Task, CancellationToken.None), new Progress<ScoringStep>(),
                CancellationToken.None);
        Assert.Equal(again.Models[0].Logits, scores.Models[1].Logits);
    }

    [Fact]
    public async Task Scale_0_is_the_base_and_scale_1_the_run()
    {
        var run = _model.Run("run");
        var options = new CompareOptions
        {
            Models = TinyModels.Arguments($"raw={_model.Checkpoint}", $"lora={run}"),
            Data = TinyTexts.Write(_model.Folder, 40),
        };
        var loader = new ModelLoader(options);
        var texts = TestTexts.Scan(options.Data, new TextOptions(), _model.Config.Task, CancellationToken.None);

        using var zero = loader.LoadRun("zero", RunWeights.Read(run, CancellationToken.None), 0);
        var (_, scores) = await TinyModels.CompareAsync(options);
        var atZero = await new ScoringPass([zero], [], 1).RunAsync(texts, new Progress<ScoringStep>(), CancellationToken.None);

        Assert.Equal(scores.Models[0].Logits, atZero.Models[0].Logits);
        Assert.NotEqual(scores.Models[0].Logits, scores.Models[1].Logits);
    }

    [Fact]
    public void Threshold_and_temperature_are_written_beside_the_file_and_used_from_then_on()
    {
        var onnx = _model.Onnx("file");
        var data = TinyTexts.Write(_model.Folder, 60, seed: 2);

        var chosen = Compare($"m={onnx}", "--data", data, "--validation", TinyTexts.Write(_model.Folder, 80, seed: 3), "--threshold", "--calibrate",
            "--json");
        var later = Compare($"m={onnx}", "--data", data, "--json");

        Assert.True(chosen.ExitCode == 0 && later.ExitCode == 0, chosen.ToString() + later);
        var calibration = Calibration.LoadFor(onnx, ContentHash.OfFile(Path.Combine(onnx, "model.onnx")), warning => Assert.Fail(warning));
        Assert.NotEqual(1, calibration.Temperature);
        Assert.InRange(calibration.Threshold!.Value, 0, 1);
        Assert.Equal("80", calibration.Provenance["texts"]);
        Assert.Equal(Figures(chosen), Figures(later));
        Assert.Contains("chosen: m: temperature", chosen.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_chosen_for_a_run_goes_with_its_merged_file()
    {
        var (run, file) = (_model.Run("run"), Path.Combine(_model.Folder, "merged", "model.onnx"));
        var (data, validation) = (TinyTexts.Write(_model.Folder, 60, seed: 2), TinyTexts.Write(_model.Folder, 80, seed: 3));

        var chosen = Compare($"m={run}", "--data", data, "--validation", validation, "--sweep-scale", "0.5", "--calibrate", "--threshold", "--json");
        var atOne = Command.Run(Repository.Path("bin", "lora-merge"), ["--run", run, "--out", Path.Combine(_model.Folder, "at-one", "model.onnx")]);
        var merged = Command.Run(Repository.Path("bin", "lora-merge"), ["--run", run, "--out", file, "--scale", "0.5"]);
        var later = Compare($"m={file}", "--data", data, "--json");

        Assert.True(chosen.ExitCode == 0 && atOne.ExitCode == 0 && merged.ExitCode == 0 && later.ExitCode == 0, $"{chosen}{atOne}{merged}{later}");
        Assert.Contains("was chosen at scale 0.5 and is left behind", atOne.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_model.Folder, "at-one", Calibration.FileName)));
        Assert.Equal(0.5, Calibration.LoadFor(Path.GetDirectoryName(file)!, ContentHash.OfFile(file), warning => Assert.Fail(warning)).Scale);
        Assert.Equal(Figures(chosen).F1, Figures(later).F1);
        // The run is merged in memory, the file read back: the same weights, and the same logits to rounding.
        Assert.Equal(Figures(chosen).LogLoss, Figures(later).LogLoss, 1e-6);
    }

    [Fact]
    public async Task A_threshold_for_three_classes_is_refused()
    {
        using var model = new TinyModel(new TinyModelOptions { Labels = ["a", "b", "c"] });
        var options = new CompareOptions
        {
            Models = TinyModels.Arguments($"m={model.Checkpoint}"),
            Data = TinyTexts.Write(model.Folder, 10),
            Validation = TinyTexts.Write(model.Folder, 10, seed: 2),
            Threshold = true,
        };

        var error = await Assert.ThrowsAsync<InputException>(() => TinyModels.CompareAsync(options));

        Assert.StartsWith("--threshold: m has 3 classes", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(model.Checkpoint, Calibration.FileName)));
    }

    private static CommandResult Compare(params string[] arguments) => Command.Run(Repository.Path("bin", "lora-compare"), arguments);

    private static (double F1, double LogLoss) Figures(CommandResult result)
    {
        using var json = System.Text.Json.JsonDocument.Parse(result.Output);
        var model = json.RootElement.GetProperty("models").GetProperty("m");
        return (model.GetProperty("f1").GetDouble(), model.GetProperty("log_loss").GetDouble());
    }
}
