using System.Text;
using Deque.AxeCore.Playwright;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.Playwright;

namespace LoraOnnx.Serving.Tests.Page;

/// <summary>One browser for all tests of the page.</summary>
public sealed class PageBrowser : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium"; // Debian's: Playwright's own download needs the internet

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>An empty page; skips the calling test where there is no browser.</summary>
    internal async Task<IPage> OpenAsync(BrowserNewPageOptions? options = null)
    {
        Requirement.SkipUnless(_browser is not null, "Debian's chromium is not installed.");
        var page = await _browser!.NewPageAsync(options); // the line above
        page.SetDefaultTimeout(Patience.Milliseconds);
        return page;
    }

    public async ValueTask InitializeAsync()
    {
        if (File.Exists(Chromium))
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(
                new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox"], Timeout = Patience.Milliseconds });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_browser?.DisposeAsync() ?? ValueTask.CompletedTask);
        _playwright?.Dispose();
    }
}

/// <summary>The page at / in a real browser, by role and label as a screen reader finds its way.</summary>
public sealed class PageTests(PageBrowser chromium) : IClassFixture<PageBrowser>, IAsyncLifetime
{
    private readonly TestEngine _engine = new();
    private TestServer _server = null!; // set before any test runs

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var other = new TestEngine { Answer = ids => ids.Length % 2 == 0 ? [3, -3] : [-3, 3] };
        _server = await TestServer.StartAsync(
            path => (path == "other" ? other : _engine).Load(path), TestServer.Options with { Models = ["demo@1=demo", "other@2=other"] });
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_text_typed_and_sent_by_keyboard_shows_label_bars_tokens_and_time()
    {
        var page = await OpenAsync(ColorScheme.Light);

        await page.GetByLabel("Text", new() { Exact = true }).FillAsync("a good film");
        await page.Keyboard.PressAsync("Control+Enter");
        var answer = page.GetByRole(AriaRole.Article, new() { Name = "demo@1" });
        await answer.WaitForAsync();
        var shown = await answer.InnerTextAsync();

        var scores = Probabilities.Of(_engine.LogitsFor("a good film"), _engine.Config.Task.ProblemType);
        Assert.Contains(scores[1] > scores[0] ? "POSITIVE" : "NEGATIVE", shown, StringComparison.Ordinal);
        var share = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{100 * scores[1]:f1}\u00A0%");
        Assert.Contains(share, shown, StringComparison.Ordinal);
        Assert.Contains("Not cut: 5 tokens.", shown, StringComparison.Ordinal);
        Assert.Contains(" ms (tokenise ", shown, StringComparison.Ordinal);
        Assert.Equal(["[CLS]", "a", "good", "film", "[SEP]"], await answer.GetByRole(AriaRole.Listitem).AllInnerTextsAsync());
        Assert.Equal("POSITIVE", await answer.GetByRole(AriaRole.Rowheader).Nth(1).InnerTextAsync());
    }

    [Fact]
    public async Task A_long_text_is_said_to_be_cut_and_two_models_stand_side_by_side()
    {
        var page = await OpenAsync(ColorScheme.Light);

        await page.GetByLabel("Model", new() { Exact = true }).SelectOptionAsync("other@2");
        await page.GetByLabel("Compare with").SelectOptionAsync("demo@1");
        await page.GetByLabel("Text", new() { Exact = true }).FillAsync(string.Join(' ', Enumerable.Repeat("good", 600)));
        await page.GetByRole(AriaRole.Button, new() { Name = "Classify", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Article, new() { Name = "demo@1" }).WaitForAsync();

        var answers = await page.GetByRole(AriaRole.Article).AllInnerTextsAsync();
        Assert.Equal(2, answers.Count);
        Assert.StartsWith("other@2\nNEGATIVE", answers[0].Replace("\n\n", "\n", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.All(answers, answer => Assert.Contains("Cut: the model read 512 of 602 tokens.", answer, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_lines_give_a_table_and_the_same_as_CSV()
    {
        var page = await OpenAsync(ColorScheme.Light);
        string[] texts = ["good, \"really\" good", .. Enumerable.Range(0, 149).Select(number => $"text {number}")]; // more than one call's worth

        await page.GetByLabel("Texts, one a line").FillAsync(string.Join('\n', texts) + "\n\n");
        await page.GetByRole(AriaRole.Button, new() { Name = "Classify lines" }).ClickAsync();
        await page.GetByText("150 texts.").WaitForAsync();
        var rows = await page.GetByRole(AriaRole.Region, new() { Name = "Results" }).GetByRole(AriaRole.Row).CountAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Download CSV" }).ClickAsync());
        var csv = await File.ReadAllLinesAsync(await download.PathAsync(), Cancel);

        Assert.Equal(151, rows);
        Assert.Equal("\"text\",\"label\",\"score\",\"tokens\",\"cut\"", csv[0]);
        Assert.StartsWith("\"good, \"\"really\"\" good\",\"", csv[1], StringComparison.Ordinal);
        Assert.Equal(151, csv.Length);
        Assert.All(csv[1..], line => Assert.Matches("^\".*\",\"(POSITIVE|NEGATIVE)\",\"[01]\\.[0-9]{4}\",\"[0-9]+\",\"no\"$", line));
    }

    [Fact]
    public async Task Cells_that_a_spreadsheet_would_compute_are_text_and_Excel_gets_its_mark()
    {
        var page = await OpenAsync(ColorScheme.Light);
        string[] texts = ["=1+1", "+1 for the film", "-1 star", "@home", "\ttab", "fine - really"];

        await page.GetByLabel("Texts, one a line").FillAsync(string.Join('\n', texts));
        await page.GetByRole(AriaRole.Button, new() { Name = "Classify lines" }).ClickAsync();
        await page.GetByText("6 texts.").WaitForAsync();
        var plain = await DownloadAsync(page);
        await page.GetByLabel("for Excel").CheckAsync();
        var forExcel = await DownloadAsync(page);

        var lines = Encoding.UTF8.GetString(plain).Split("\r\n");
        Assert.Equal(["'=1+1", "'+1 for the film", "'-1 star", "'@home", "'\ttab", "fine - really"], lines[1..7].Select(line => line.Split('"')[1]));
        Assert.Equal([0xEF, 0xBB, 0xBF, .. plain], forExcel);
    }

    private static async Task<byte[]> DownloadAsync(IPage page)
    {
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Download CSV" }).ClickAsync());
        return await File.ReadAllBytesAsync(await download.PathAsync(), Cancel);
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task It_has_no_accessibility_violations_and_asks_nobody_but_its_server(ColorScheme scheme)
    {
        var page = await OpenAsync(scheme);
        var foreign = new List<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(_server.HttpAddress.ToString(), StringComparison.Ordinal)
                && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
            {
                foreign.Add(request.Url);
            }
        };
        await page.ReloadAsync();
        await page.GetByLabel("Compare with").SelectOptionAsync("other@2");
        await page.GetByLabel("Text", new() { Exact = true }).FillAsync("a good film");
        await page.GetByLabel("Texts, one a line").FillAsync("good\nbad");
        await page.GetByRole(AriaRole.Button, new() { Name = "Classify", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Classify lines" }).ClickAsync();
        await page.GetByRole(AriaRole.Article).Nth(1).WaitForAsync();
        await page.GetByText("2 texts").WaitForAsync();

        var violations = (await page.RunAxe()).Violations;
        var background = await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

        Assert.True(violations.Length == 0,
            string.Join('\n', violations.Select(
                violation => $"{violation.Id}: {violation.Help}: {string.Join("; ", violation.Nodes.Select(node => node.Html))}")));
        Assert.Equal(scheme == ColorScheme.Dark ? "rgb(22, 25, 29)" : "rgb(255, 255, 255)", background);
        Assert.Empty(foreign);
    }

    private async Task<IPage> OpenAsync(ColorScheme scheme)
    {
        var page = await chromium.OpenAsync(new BrowserNewPageOptions { ColorScheme = scheme, AcceptDownloads = true });
        page.PageError += (_, error) => TestContext.Current.TestOutputHelper?.WriteLine(error);
        await page.GotoAsync(_server.HttpAddress.ToString());
        await page.GetByText("NEGATIVE, POSITIVE").First.WaitForAsync();
        return page;
    }
}
