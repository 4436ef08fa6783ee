using System.Text.Json.Nodes;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Evaluation.Tests.Support;
using LoraOnnx.Tests.Browsing;
using LoraOnnx.Texts;
using Microsoft.Playwright;

namespace LoraOnnx.Evaluation.Tests.Reports;

/// <summary>The report that demo.cs makes, from the recorded predictions of its three models: what it finds, its page in a browser, and the picture
/// of it in docs/.</summary>
public sealed class DemoReportTests
{
    /// <summary>Of raw, head and lora, as the demo printed it on two cores.</summary>
    private static readonly double[] _textsPerSecond = [78.1, 87.0, 90.5];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Predictions_read_back_give_the_figures_that_were_measured()
    {
        var report = await ReportAsync();

        // 240 texts: F1 = 2·TP / (2·TP + FP + FN), of 110 / 24 / 10, 109 / 9 / 11 and 110 / 5 / 10.
        Assert.Equal(220.0 / 254, report.Models[0].Figures.F1, 1e-12);
        Assert.Equal(218.0 / 238, report.Models[1].Figures.F1, 1e-12);
        Assert.Equal(220.0 / 235, report.Models[2].Figures.F1, 1e-12);
        Assert.Equal(new McNemar(1, 20), report.Models[2].ToFirst!.McNemar);
        Assert.True(report.Models[2].ToFirst!.Differences[Figure.F1].Interval!.Value.ExcludesZero);
        Assert.StartsWith("lora is best with F1 93.62 % (95 % interval 90.18 to 96.60)", report.Summary, StringComparison.Ordinal);
    }

    /// <summary>Pictures go to artifacts/; with UPDATE_DOCS=1 also to docs/pictures.</summary>
    [Fact]
    public async Task The_page_shows_every_figure_of_the_JSON_and_is_readable_on_a_desk_and_a_phone()
    {
        await using var browser = await Browser.StartAsync();
        var path = Repository.Path("artifacts", "report-page.html");
        var report = await ReportAsync();
        ComparisonPage.Write(path, report);
        var page = await browser.OpenAsync(path, 900, 1000);

        var picture = await page.ScreenshotAsync(new PageScreenshotOptions { Path = Repository.Path("artifacts", "report.png") });

        Assert.Equal("raw, head, lora on test.jsonl", await page.TitleAsync());
        Assert.True(await page.GetByText("lora is best with F1 93.62 %").IsVisibleAsync());
        await PageFigures.AssertAllVisibleAsync(page, JsonReport.Of(report));
        await browser.TakePicturesAsync(path, "comparison", mostScreens: 3);
        Assert.InRange(picture.Length, 20_000, 300_000);
    }

    /// <summary>The page that demo.cs left, against the figures of the models that it left; without a run of the demo there is nothing to
    /// open.</summary>
    [Fact]
    public async Task The_page_that_the_demo_left_shows_every_figure_of_its_models()
    {
        var demo = Repository.Path("artifacts", "demo");
        var program = Repository.Path("artifacts", "bin", "LoraOnnx.Evaluation", "release", "lora-compare.dll");
        // a file that is not there is from 1601
        Assert.SkipUnless(File.GetLastWriteTimeUtc(Path.Combine(demo, "report.html")) > File.GetLastWriteTimeUtc(program),
            "demo.cs has not been run with this build.");
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(Path.Combine(demo, "report.html"), 900, 1000);

        string[] models = ["raw", "head", "lora"];
        var compare = Command.Run(Repository.Path("bin", "lora-compare"),
            [.. models.Select(model => $"{model}={Path.Combine(demo, "onnx", model)}"), "--data", Repository.Path("samples", "reviews", "test.jsonl"),
                "--json"]);

        Assert.True(compare.ExitCode == 0, compare.ToString());
        await PageFigures.AssertAllVisibleAsync(page, JsonNode.Parse(compare.Output)!,
            // measured anew
            pointer => !pointer.EndsWith("_per_second", StringComparison.Ordinal) && !pointer.Contains("/speed_to_first/", StringComparison.Ordinal));
    }

    private static async Task<ComparisonReport> ReportAsync()
    {
        var predictions = Repository.Path("tests", "Evaluation.Tests", "Reports", "recorded", "predictions.jsonl");
        IScoredModel[] models =
        [
            RecordedModel.Read(predictions, "raw", Card("raw") with { TrainedParameters = 0, TrainingSeconds = 0, TrainedTokens = 0 }),
            RecordedModel.Read(predictions, "head", Card("head") with { TrainedParameters = 148_610, TrainingSeconds = 2, TrainedTokens = 0 }),
            RecordedModel.Read(predictions, "lora",
                Card("lora") with { TrainedParameters = 110_592, TrainingSeconds = 54, TrainedTokens = 186_470, Rank = "8", Scale = 1 }),
        ];
        var options = new CompareOptions { Models = [], Data = Repository.Path("samples", "reviews", "test.jsonl") };
        var texts = TestTexts.Scan(options.Data, new TextOptions(), models[0].Task, Cancel);
        var scores = await new ScoringPass(models, [], options.Threads).RunAsync(texts, new Progress<ScoringStep>(), Cancel);
        foreach (var (model, speed) in scores.Models.Zip(_textsPerSecond))
        {
            model.Elapsed = TimeSpan.FromSeconds(texts.Count / speed); // a replay has no speed of its own
        }

        return ReportBuilder.Build(options, models, [null, null, null], null, texts, scores, Cancel);
    }

    private static ModelCard Card(string method) => new()
    {
        Path = $"artifacts/demo/onnx/{method}",
        Kind = "recorded",
        Hashes = new Dictionary<string, string>(),
        Method = method,
        Bytes = 56_598_325,
        Precision = "fp32",
        MaxTokens = 512,
        Truncate = "head",
    };
}
