using System.Text.Json.Nodes;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Tests.Support;
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

        var shown = await ShownAsync(page);

        var missing = Numbers(JsonReport.Of(report)).Where(number => !shown.TryGetValue(number.Pointer, out var text) || !ShownNumber.Shows(text, number.Value))
            .Select(number => $"{number.Pointer} = {number.Value}, shown as '{shown.GetValueOrDefault(number.Pointer, "nothing")}'").ToList();
        Assert.True(shown.Count > 500, $"only {shown.Count} numbers are marked on the page");
        Assert.True(missing.Count == 0, $"{missing.Count} figures are not on the page: {string.Join("; ", missing.Take(10))}");
    }

    [Fact]
    public async Task Text_of_the_data_stays_text()
    {
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(Written(await FullReportAsync()), 1200, 900);

        Assert.Contains("love & <b>hate</b>", await page.InnerTextAsync("main"), StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator("b:text-is('hate')").CountAsync());
        Assert.Equal(0, await page.Locator("script, link, img, iframe").CountAsync());
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

    /// <summary>Everything that a report can have: a sweep, a threshold, a temperature, slices, requirements, three models.</summary>
    private async Task<ComparisonReport> FullReportAsync()
    {
        using var other = new TinyModel(new TinyModelOptions { Seed = 8 });
        var (report, _) = await TinyModels.CompareAsync(new CompareOptions
        {
            Models = TinyModels.Arguments($"raw={_model.Checkpoint}", $"lora={_model.Run("run")}", $"other={other.Checkpoint}"),
            Data = TinyTexts.Write(_model.Folder, 150, mostWords: 100),
            Validation = TinyTexts.Write(_model.Folder, 60, seed: 2),
            SweepScales = [0.5, 1, 2],
            Threshold = true,
            Calibrate = true,
            Slices = ["genre"],
            Requirements = ["lora.f1 + 1 > raw.f1", "lora.bytes < 0"],
            Resamples = 500,
        });
        Assert.NotEmpty(report.Models[2].Texts.Gained);
        return report;
    }

    private string Written(ComparisonReport report)
    {
        var path = Path.Combine(_model.Folder, "report.html");
        HtmlReport.Write(path, report);
        return path;
    }

    /// <summary>The visible text of each marked number, by its place in the JSON.</summary>
    private static async Task<Dictionary<string, string>> ShownAsync(IPage page)
    {
        var pairs = await page.EvaluateAsync<string[][]>("""
            [...document.querySelectorAll('[data-json]')]
                .filter(number => number.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && number.getClientRects().length > 0)
                .map(number => [number.dataset.json, number.innerText])
            """);
        return pairs.GroupBy(pair => pair[0]).ToDictionary(pair => pair.Key, pair => pair.First()[1]);
    }

    private static Task<string> BackgroundAsync(IPage page) => page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

    private static IEnumerable<(string Pointer, double Value)> Numbers(JsonNode? node, string pointer = "") => node switch
    {
        JsonObject map => map.SelectMany(entry => Numbers(entry.Value, $"{pointer}/{entry.Key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}")),
        JsonArray list => list.SelectMany((item, index) => Numbers(item, $"{pointer}/{index}")),
        not null when node.GetValueKind() == System.Text.Json.JsonValueKind.Number => [(pointer, double.Parse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture))],
        _ => [],
    };
}
