using System.Text.Json.Nodes;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Reports.Page;
using LoraOnnx.Evaluation.Tests.Support;
using LoraOnnx.Model;
using LoraOnnx.Tests.Browsing;
using Microsoft.Playwright;

namespace LoraOnnx.Evaluation.Tests.Reports;

/// <summary>report.html in a browser.</summary>
public sealed class ReportPageTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task Every_figure_of_the_JSON_is_visible_text_on_the_page()
    {
        await using var browser = await Browser.StartAsync();
        var report = await FullReportAsync();
        var page = await browser.OpenAsync(Written(report), 1200, 900);

        await PageFigures.AssertAllVisibleAsync(page, JsonReport.Of(report));
    }

    [Fact]
    public async Task The_page_that_the_program_writes_shows_every_figure_of_the_JSON_that_it_prints()
    {
        await using var browser = await Browser.StartAsync();
        var path = Path.Combine(_model.Folder, "report.html");
        using var other = new TinyModel(new TinyModelOptions { Seed = 8 });
        var result = Command.Run(Repository.Path("bin", "lora-compare"),
            [$"raw={_model.Onnx("raw")}", $"head={other.Onnx("head")}", $"lora={_model.Run("lora")}", "--data", TinyTexts.Write(_model.Folder, 120),
                "--slice", "genre", "--out", path, "--json"]);
        Assert.True(result.ExitCode == 0, result.ToString());

        var page = await browser.OpenAsync(path, 1200, 900);

        await PageFigures.AssertAllVisibleAsync(page, JsonNode.Parse(result.Output)!);
    }

    [Fact]
    public async Task The_table_says_over_what_F1_is_averaged()
    {
        var report = await FullReportAsync();

        Assert.Contains($"recall are those of {report.Labels[1]}, below", OverviewSection.Table(report).Caption, StringComparison.Ordinal);
        Assert.Contains("recall are over all labels together (micro), below",
            OverviewSection.Table(report with { ProblemType = ProblemType.MultiLabel }).Caption, StringComparison.Ordinal);
        Assert.Contains("macro F1", TableText.Plain(report), StringComparison.Ordinal);
        var three = report with { Labels = ["bad", "middling", "good"] }; // whose F1 is the macro F1
        Assert.DoesNotContain("macro F1", TableText.Plain(three), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_model_is_compared_with_none()
    {
        var (report, _) = await TinyModels.CompareAsync(new CompareOptions
        {
            Models = TinyModels.Arguments([$"one={_model.Checkpoint}"]),
            Data = TinyTexts.Write(_model.Folder, 30),
            Resamples = 20,
        });

        var page = await File.ReadAllTextAsync(Written(report), TestContext.Current.CancellationToken);

        Assert.Contains("one: F1 ", page, StringComparison.Ordinal);
        Assert.DoesNotContain("to first", TableText.Plain(report), StringComparison.Ordinal);
        foreach (var ofSeveral in new[] { "data-label=\"to first\"", "Dashed: the first model.", "gained" })
        {
            Assert.DoesNotContain(ofSeveral, page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Text_of_the_data_stays_text()
    {
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(Written(await FullReportAsync()), 1200, 900);
        await Browser.UnfoldAsync(page);

        Assert.Contains("love & <b>hate</b>", await page.InnerTextAsync("main"), StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator("b:text-is('hate')").CountAsync());
        Assert.Equal(0, await page.Locator("script, link, img, iframe").CountAsync());
    }

    [Fact]
    public async Task Words_of_texts_that_flipped_are_coloured_and_the_text_between_them_stays_as_it_is()
    {
        await using var browser = await Browser.StartAsync();
        var report = await FullReportAsync();
        var (model, text) = (report.Models[2], report.Models[2].Texts.Gained[0]);
        var explained = text.Answers[2].Explanation! with { Warning = "They are a rough picture." };
        var lists = model.Texts with
        {
            Gained = [text with { Answers = [text.Answers[0], text.Answers[1], text.Answers[2] with { Explanation = explained }] }],
        };
        var page = await browser.OpenAsync(Written(report with
        {
            Models =
            [
                report.Models[0], report.Models[1] with { ExplanationRefusal = "it has no gradient. Take another." }, model with { Texts = lists },
            ],
        }), 1200, 900);
        await Browser.UnfoldAsync(page);

        var picture = page.Locator("#texts .picture").Filter(new LocatorFilterOptions { HasText = "They are a rough picture." });
        var word = picture.Locator(".word.for").First;

        Assert.Equal(text.Text, await picture.Locator("blockquote").EvaluateAsync<string>("""
            quote => {
              const copy = quote.cloneNode(true);
              copy.querySelectorAll('.unseen').forEach(number => number.remove());
              return copy.textContent;
            }
            """));
        Assert.NotEqual("rgba(0, 0, 0, 0)", await word.EvaluateAsync<string>("word => getComputedStyle(word).backgroundColor"));
        Assert.Matches(@"^\(\+\d+\.\d\d\)$", (await word.Locator(".unseen").TextContentAsync())!.Trim()); // read out
        Assert.True(await page.GetByText("lora: its answers are not explained: it has no gradient. Take another.").IsVisibleAsync());
        Assert.True(await page.GetByText("blue words speak for its answer").First.IsVisibleAsync());
    }

    [Fact]
    public async Task It_fits_a_phone_is_dark_in_the_dark_and_white_on_paper()
    {
        await using var browser = await Browser.StartAsync();
        var path = Written(await FullReportAsync());

        var phone = await browser.OpenAsync(path, 360, 740, ColorScheme.Dark);

        Assert.True(await phone.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 360, "the page is wider than a phone");
        Assert.Equal("rgb(22, 23, 26)", await BackgroundAsync(phone));
        await phone.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        Assert.Equal("rgb(255, 255, 255)", await BackgroundAsync(phone));
    }

    [Fact]
    public async Task A_link_of_the_contents_opens_its_chapter()
    {
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(Written(await FullReportAsync()), 1200, 900);
        var links = page.Locator("nav a");
        Assert.False(await page.Locator("#method").IsVisibleAsync());

        for (var link = 0; link < await links.CountAsync(); link++)
        {
            await links.Nth(link).ClickAsync();
        }

        Assert.Equal(0, await page.Locator("details.chapter:not([open])").CountAsync());
        Assert.True(await page.Locator("#method").IsVisibleAsync());
    }

    /// <summary>Before anything is unfolded at most three screens high, on a desk and on a phone; nowhere wider than the screen; and axe finds
    /// nothing.</summary>
    [Theory]
    [InlineData(MadeUpLabels.TwoClasses)]
    [InlineData(MadeUpLabels.ThreeClasses)]
    [InlineData(MadeUpLabels.SeveralLabels)]
    [InlineData(MadeUpLabels.TwoClasses, 9)]
    public async Task A_report_that_has_everything_can_be_read_by_everybody(MadeUpLabels labels, int models = 3)
    {
        await using var browser = await Browser.StartAsync();

        await browser.AssertReadableAsync(Written(await FullReportAsync(labels, models)), $"comparison-{labels}-{models}", mostScreens: 3);
    }

    /// <summary>Everything that a report can have: a sweep, a threshold, a temperature, slices, requirements, three models.</summary>
    private static async Task<ComparisonReport> FullReportAsync(MadeUpLabels labels = MadeUpLabels.TwoClasses, int models = 3)
    {
        var options = new TinyModelOptions
        {
            Labels = labels == MadeUpLabels.TwoClasses ? new TinyModelOptions().Labels : ["negative", "neutral", "positive"],
            ProblemType = labels == MadeUpLabels.SeveralLabels ? "multi_label_classification" : null,
        };
        using var model = new TinyModel(options);
        using var other = new TinyModel(options with { Seed = 8 });
        var more = Enumerable.Range(3, models - 3).Select(number => $"other{number}={other.Checkpoint}");
        var (report, _) = await TinyModels.CompareAsync(new CompareOptions
        {
            Models = TinyModels.Arguments([$"raw={model.Checkpoint}", $"lora={model.Run("run")}", $"other={other.Checkpoint}", .. more]),
            Data = TinyTexts.Write(model.Folder, 100, mostWords: 60, labels: labels),
            Validation = TinyTexts.Write(model.Folder, 60, seed: 2, labels: labels),
            SweepScales = [0.5, 1, 2],
            Threshold = labels == MadeUpLabels.TwoClasses,
            Calibrate = true,
            Slices = ["genre"],
            Requirements = ["lora.f1 + 1 > raw.f1", "lora.bytes < 0"],
            Resamples = 500,
            Json = true, // so that flipped texts are explained
            Explain = models > 3 ? 0 : null, // 400 answers in colour take minutes, and are those of three models again
        });
        Assert.True(labels != MadeUpLabels.TwoClasses || report.Models[2].Texts.Gained.Count > 0);
        return report;
    }

    private string Written(ComparisonReport report)
    {
        var path = Path.Combine(_model.Folder, "report.html");
        ComparisonPage.Write(path, report);
        return path;
    }

    private static Task<string> BackgroundAsync(IPage page) => page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
}
