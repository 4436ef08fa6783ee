using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Evaluation.Tests.Support;
using Microsoft.Playwright;

namespace LoraOnnx.Evaluation.Tests.Reports;

/// <summary>The report of the demo, from recorded predictions: what it finds, and the picture of it in docs/.</summary>
public sealed class DemoReportTests
{
    /// <summary>As recorded with the predictions, on two busy cores.</summary>
    private const double RawTextsPerSecond = 13.8;
    private const double LoraTextsPerSecond = 15.5;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Predictions_read_back_give_the_figures_that_were_measured()
    {
        var report = await ReportAsync();

        // 240 texts: F1 = 2·TP / (2·TP + FP + FN), of 110 / 24 / 10 and 109 / 9 / 11.
        Assert.Equal(220.0 / 254, report.Models[0].Figures.F1, 1e-12);
        Assert.Equal(218.0 / 238, report.Models[1].Figures.F1, 1e-12);
        Assert.Equal(new McNemar(1, 15), report.Models[1].ToFirst!.McNemar);
        Assert.True(report.Models[1].ToFirst!.Differences[Figure.F1].Interval!.Value.ExcludesZero);
        Assert.StartsWith("lora is best with F1 91.60 % (95 % interval ", report.Summary, StringComparison.Ordinal);
    }

    /// <summary>The picture goes to artifacts/; with UPDATE_DOCS=1 also to docs/, which is how the one there was made.</summary>
    [Fact]
    public async Task The_page_opens_and_its_top_is_the_picture_in_docs()
    {
        await using var browser = await Browser.StartAsync();
        var path = Repository.Path("artifacts", "report-page.html");
        HtmlReport.Write(path, await ReportAsync());
        var page = await browser.OpenAsync(path, 900, 1000);

        var picture = await page.ScreenshotAsync(new PageScreenshotOptions { Path = Repository.Path("artifacts", "report.png") });

        Assert.Equal("raw, lora on test.jsonl", await page.TitleAsync());
        Assert.True(await page.GetByText("lora is best with F1 91.60 %").IsVisibleAsync());
        Assert.InRange(picture.Length, 20_000, 300_000);
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.Copy(Repository.Path("artifacts", "report.png"), Repository.Path("docs", "report.png"), overwrite: true);
        }
    }

    private static async Task<ComparisonReport> ReportAsync()
    {
        var predictions = Repository.Path("tests", "Evaluation.Tests", "Reports", "recorded", "predictions.jsonl");
        IScoredModel[] models =
        [
            RecordedModel.Read(predictions, "raw", Card("models/demo") with { TrainedParameters = 0, TrainingSeconds = 0, TrainedTokens = 0, Method = "raw" }),
            RecordedModel.Read(predictions, "lora", Card("runs/lora") with { TrainedParameters = 110_592, Method = "lora", Rank = "8", Scale = 1 }),
        ];
        var options = new CompareOptions { Models = [], Data = Repository.Path("samples", "reviews", "test.jsonl") };
        var texts = TestTexts.Scan(options.Data, LabelAgreement.Config(models[0]), Cancel);
        var scores = await new ScoringPass(models, [], options.Threads).RunAsync(texts, new Progress<ScoringStep>(), Cancel);
        scores.Models[0].Elapsed = TimeSpan.FromSeconds(texts.Count / RawTextsPerSecond); // a replay has no speed of its own
        scores.Models[1].Elapsed = TimeSpan.FromSeconds(texts.Count / LoraTextsPerSecond);
        return ReportBuilder.Build(options, models, [null, null], null, texts, scores, Cancel);
    }

    private static ModelCard Card(string path) => new()
    {
        Path = path,
        Kind = "recorded",
        Hashes = new Dictionary<string, string>(),
        Bytes = 56_590_874,
        MaxTokens = 512,
        Truncate = "head",
    };
}
