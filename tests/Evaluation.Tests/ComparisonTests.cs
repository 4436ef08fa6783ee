using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Tests.Support;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Tests;

public sealed class ComparisonTests : IDisposable
{
    private readonly TinyModel _raw = new();
    private readonly TinyModel _other = new(new TinyModelOptions { Seed = 8 });

    public void Dispose()
    {
        _raw.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task One_core_and_all_cores_give_the_same_bits_on_2000_texts()
    {
        var options = Options(TinyTexts.Write(_raw.Folder, 2_000), resamples: 1_000);

        var one = await TinyModels.CompareAsync(options with { Threads = 1 });
        var four = await TinyModels.CompareAsync(options with { Threads = 4 });

        for (var model = 0; model < 2; model++)
        {
            var (first, second) = (one.Scores.Models[model].Logits, four.Scores.Models[model].Logits);
            Assert.Equal(2_000, first.Count);
            var largest = first.Zip(second).Max(pair => pair.First.Zip(pair.Second).Max(logit => Math.Abs(logit.First - logit.Second)));
            Assert.True(largest == 0, $"the largest difference of a logit is {largest}");
        }

        Assert.Equal(WithoutSpeeds(one.Report), WithoutSpeeds(four.Report));
    }

    [Fact]
    public async Task A_checkpoint_and_its_onnx_file_have_the_same_figures_and_never_differ()
    {
        var data = TinyTexts.Write(_raw.Folder, 100);

        var (report, _) = await TinyModels.CompareAsync(
            new CompareOptions { Models = TinyModels.Arguments($"raw={_raw.Checkpoint}", $"file={_raw.Onnx("file")}"), Data = data });

        Assert.Equal(report.Models[0].Figures.F1, report.Models[1].Figures.F1);
        Assert.Equal(1, report.Models[1].ToFirst!.McNemar.PValue);
        Assert.All(report.Models[1].ToFirst!.Differences.Values,
            difference => Assert.Equal((0.0, 0.0, 0.0), (difference.Value, difference.Interval!.Value.Low, difference.Interval.Value.High)));
    }

    [Fact]
    public void Texts_are_tokenized_once_for_models_with_one_tokenizer()
    {
        var window = new TextWindow([.. TestTexts.Scan(TinyTexts.Write(_raw.Folder, 20), new TextOptions(), _raw.Config.Task, CancellationToken.None)
            .Read()],
            threads: 2);
        var tokenizers = new[] { _raw, _other }.Select(model => LoraOnnx.Model.Tokenization.TextTokenizer.Load(model.Checkpoint)).ToList();

        var encoded = tokenizers.ConvertAll(tokenizer => window.Encode(tokenizer, 64, LoraOnnx.Model.Tokenization.Truncation.Head));

        Assert.Same(encoded[0], encoded[1]);
        Assert.NotSame(encoded[0], window.Encode(tokenizers[0], 32, LoraOnnx.Model.Tokenization.Truncation.Head));
    }

    [Fact]
    public async Task Three_classes_have_macro_figures_intervals_and_a_three_by_three_matrix()
    {
        using var first = new TinyModel(new TinyModelOptions { Labels = ["bad", "fair", "good"] });
        using var second = new TinyModel(new TinyModelOptions { Labels = ["bad", "fair", "good"], Seed = 9 });
        var data = TinyTexts.Write(first.Folder, 200, labels: MadeUpLabels.ThreeClasses);

        var (report, _) = await TinyModels.CompareAsync(
            new CompareOptions { Models = TinyModels.Arguments($"a={first.Checkpoint}", $"b={second.Checkpoint}"), Data = data });

        Assert.Equal(report.Models[0].Figures.MacroF1, report.Models[0].Figures.F1);
        Assert.Equal(3, JsonReport.Of(report)["models"]!["a"]!["confusion_matrix_intervals"]![2]!.AsArray().Count);
        Assert.All(report.Models, model =>
            Assert.InRange(model.Figures.F1, model.Intervals[Evaluation.Statistics.Figure.F1]!.Value.Low,
                model.Intervals[Evaluation.Statistics.Figure.F1]!.Value.High));
        Assert.Contains("good", ComparisonPage.Of(report), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_multi_label_model_is_compared_with_intervals_and_a_threshold_that_is_chosen()
    {
        using var model = new TinyModel(new TinyModelOptions { Labels = ["funny", "sad", "long"], ProblemType = "multi_label_classification" });
        var (test, validation) = (Path.Combine(model.Folder, "test.jsonl"), Path.Combine(model.Folder, "validation.jsonl"));
        string[] rows =
            ["""{"text":"the film was funny","labels":[0]}""", """{"text":"very long and slow","labels":[1,2]}""",
                """{"text":"a movie","labels":[]}""", """{"text":"long but good","labels":["long"]}"""];
        File.WriteAllLines(test, Enumerable.Repeat(rows, 15).SelectMany(row => row));
        File.WriteAllLines(validation, Enumerable.Repeat(rows, 5).SelectMany(row => row));

        var (report, _) = await TinyModels.CompareAsync(
            new CompareOptions
            {
                Models = TinyModels.Arguments($"a={model.Checkpoint}", $"b={model.Checkpoint}"),
                Data = test,
                Validation = validation,
                Threshold = true,
            });

        var figures = report.Models[0];
        Assert.Null(figures.Figures.Confusion);
        Assert.Equal(180, figures.Reliability.Sum(point => point.Bin.Count));
        Assert.NotNull(figures.Choice!.Threshold);
        Assert.NotNull(figures.Intervals[Evaluation.Statistics.Figure.F1]);
        Assert.Equal(report.Models[1].Intervals, figures.Intervals);
        Assert.Contains("funny", ComparisonPage.Of(report), StringComparison.Ordinal);
    }

    private CompareOptions Options(string data, int resamples) => new()
    {
        Models = TinyModels.Arguments($"raw={_raw.Checkpoint}", $"other={_other.Checkpoint}"),
        Data = data,
        Slices = ["genre"],
        Resamples = resamples,
    };

    private static string WithoutSpeeds(ComparisonReport report)
    {
        var json = JsonReport.Of(report);
        json.Remove("summary"); // it tells the speed
        json.Remove("machine");
        json.Remove("made_at");
        foreach (var (_, model) in json["models"]!.AsObject())
        {
            model!.AsObject().Remove("texts_per_second");
            model.AsObject().Remove("tokens_per_second");
            model.AsObject().Remove("speed_to_first");
        }

        return json.ToJsonString();
    }
}
