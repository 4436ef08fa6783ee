using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Deque.AxeCore.Playwright;
using LoraOnnx.Model;
using LoraOnnx.Serving.Models;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.Playwright;

namespace LoraOnnx.Serving.Tests.Page;

/// <summary>What somebody does with a model of their own on the page: looks what it is, tries examples, asks why, and has a file scored.</summary>
public sealed class PageWorkTests(PageBrowser chromium, DemoOnnx demo) : IClassFixture<PageBrowser>, IAsyncLifetime
{
    private const string Text = "A slow start, but the last act is wonderful.";

    private readonly TemporaryFolder _folder = new();
    private readonly TestEngine _engine = new()
    {
        Metadata = new Dictionary<string, string>
        {
            ["lora_onnx.f1"] = "0.8984",
            ["lora_onnx.f1_texts"] = "2,000 test texts of reviews",
            ["lora_onnx.precision"] = "fp16", // the file's; it is served in fp32
        },
    };
    private TestServer _server = null!; // set before any test runs

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(_engine);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task One_line_says_what_the_model_is_and_the_rest_is_folded()
    {
        var page = await OpenAsync(_server);

        Assert.Equal("NEGATIVE, POSITIVE; F1 89.8\u00A0% on 2,000 test texts of reviews; fp32", await page.Locator("#about").InnerTextAsync());
        Assert.False(await page.GetByText("512 tokens").IsVisibleAsync());
        await page.GetByText("More on this model").ClickAsync();
        Assert.True(await page.GetByText("512 tokens").IsVisibleAsync());
    }

    [Fact]
    public async Task An_example_is_classified_with_one_click_and_its_result_is_said_once()
    {
        var page = await OpenAsync(_server);

        await page.GetByRole(AriaRole.Button, new() { Name = "a good one" }).ClickAsync();
        var answer = page.GetByRole(AriaRole.Article);
        await answer.WaitForAsync();

        Assert.Equal(Text, await page.GetByLabel("Text", new() { Exact = true }).InputValueAsync());
        var score = LoraOnnx.Model.Metrics.Probabilities.Of(_engine.LogitsFor(Text), _engine.Config.Task.ProblemType).Max();
        var shown = string.Create(CultureInfo.InvariantCulture, $"{100 * score:f1}\u00A0%");
        Assert.Equal(2, (await page.Locator("main").InnerTextAsync()).Split(shown).Length);
        Assert.Equal("", await page.Locator("#one-status").InnerTextAsync());
    }

    [Theory]
    [InlineData("own.csv", "id;review;label\r\n1;\"good; really\nand long\";pos\r\n2;bad;neg\r\n")]
    [InlineData("own.jsonl",
        "{\"id\": 1, \"review\": \"good; really\\nand long\", \"label\": \"pos\"}\n{\"id\": 2, \"review\": \"bad\", \"label\": \"neg\"}\n")]
    public async Task A_file_is_scored_and_comes_back_with_its_columns(string name, string content)
    {
        var page = await OpenAsync(_server);

        await page.GetByLabel("or a file").SetInputFilesAsync(_folder.Write(name, content));
        await page.GetByText($"{name}: texts from column 'review'. 2 texts.").WaitForAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Download CSV" }).ClickAsync());
        var csv = await File.ReadAllTextAsync(await download.PathAsync(), Cancel);

        Assert.StartsWith("\"id\",\"review\",\"input_label\",\"label\",\"score\",\"tokens\",\"cut\"\r\n"
            + "\"1\",\"good; really\nand long\",\"pos\",\"", csv, StringComparison.Ordinal);
        Assert.Contains("\r\n\"2\",\"bad\",\"neg\",\"", csv, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.csv", "id,stars\n1,5\n", "has columns id, stars; one must be called text, sentence, review, content, body, comment.")]
    [InlineData("a.csv", "id,text\n1\n", "row 1 has 1 fields, the header has 2.")]
    [InlineData("a.xlsx", "PK\u0003\u0004", "is a workbook or another zip file: save as CSV.")]
    [InlineData("a.csv", "", "holds no row, expected a header and texts.")]
    public async Task A_file_that_cannot_be_read_is_told_with_the_way_out(string name, string content, string expected)
    {
        var page = await OpenAsync(_server);

        await page.GetByLabel("or a file").SetInputFilesAsync(_folder.Write(name, content));

        await page.GetByText($"{name}: {expected}").WaitForAsync();
    }

    [Fact]
    public async Task The_curl_line_can_be_pasted_and_the_C_sharp_names_the_same_call()
    {
        Requirement.SkipUnless(File.Exists("/usr/bin/curl"), "curl is not installed.");
        var page = await OpenAsync(_server);
        await page.GetByLabel("Text", new() { Exact = true }).FillAsync("it's \"good\"");
        await page.GetByText("The same from a program").ClickAsync();

        var answer = await ShellAsync(await page.Locator("#curl").InnerTextAsync());

        Assert.Equal(_engine.LogitsFor("it's \"good\"") is [var no, var yes] && yes > no ? "POSITIVE" : "NEGATIVE",
            JsonDocument.Parse(answer).RootElement.GetProperty("label").GetString());
        var code = await page.Locator("#csharp").InnerTextAsync();
        Assert.Contains($"new Uri(\"{_server.HttpAddress}\")", code, StringComparison.Ordinal);
        Assert.Contains("""text = "it's \"good\"", model = "demo" """.TrimEnd(), code, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_explanation_colours_words_and_says_their_numbers()
    {
        await using var server = await DemoServerAsync();
        var page = await OpenAsync(server);

        await ExplainAsync(page);

        var words = page.Locator(".word");
        Assert.Equal(["A", "slow", "start", ",", "but", "the", "last", "act", "is", "wonderful", "."],
            (await words.AllTextContentsAsync()).Select(word => word.Split(" (")[0]));
        Assert.All(await words.AllTextContentsAsync(), word => Assert.Matches(@"^.+ \([+−]\d+\.\d\d\)$", word)); // what a screen reader reads
        Assert.StartsWith(Text, await page.Locator(".words").EvaluateAsync<string>(
            "words => [...words.cloneNode(true).childNodes].map(n => n.firstChild ? n.firstChild.data : n.data).join('')"), StringComparison.Ordinal);
        var wonderful = words.Nth(9);
        Assert.Contains("for", await wonderful.GetAttributeAsync("class"), StringComparison.Ordinal);
        Assert.Equal("100%", await wonderful.EvaluateAsync<string>("word => word.style.getPropertyValue('--strength')"));
    }

    /// <summary>With UPDATE_DOCS=1 also in docs/pictures, as WebP by Debian's cwebp.</summary>
    [Theory]
    [InlineData(1280, 900, ColorScheme.Light)]
    [InlineData(1280, 900, ColorScheme.Dark)]
    [InlineData(390, 844, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Dark)]
    public async Task It_fits_a_desk_and_a_phone_light_and_dark(int width, int height, ColorScheme scheme)
    {
        await using var server = await DemoServerAsync();
        var page = await OpenAsync(server, new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme });
        await ExplainAsync(page);

        var violations = (await page.RunAxe()).Violations;
        var wide = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        var name = $"page-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}";
        var picture = Repository.Path("artifacts", $"{name}.png");
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = picture });
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            var small = Command.Run("cwebp", ["-quiet", "-q", "60", "-m", "6", picture, "-o", Repository.Path("docs", "pictures", $"{name}.webp")]);
            Assert.True(small.ExitCode == 0, small.ToString());
        }

        Assert.True(violations.Length == 0, string.Join('\n', violations.Select(violation => $"{violation.Id}: {violation.Help}")));
        Assert.True(wide <= width, $"{wide} wide");
    }

    private static async Task ExplainAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "a good one" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Which words decide?" }).ClickAsync();
        await page.Locator(".words").WaitForAsync();
    }

    private static async Task<string> ShellAsync(string line)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(line.Replace("curl ", "curl -sS ", StringComparison.Ordinal));
        using var shell = Process.Start(start)!; // it is there where curl is
        return await shell.StandardOutput.ReadToEndAsync(Cancel);
    }

    private Task<TestServer> DemoServerAsync() =>
        TestServer.StartAsync(engine: default(LoadEngine), TestServer.Options with { Models = [$"demo@1={demo.Path}"], Device = ComputeDevice.Cpu });

    private async Task<IPage> OpenAsync(TestServer server, BrowserNewPageOptions? options = null)
    {
        var page = await chromium.OpenAsync(options ?? new BrowserNewPageOptions { AcceptDownloads = true });
        await page.GotoAsync(server.HttpAddress.ToString());
        await page.GetByText("NEGATIVE, POSITIVE").First.WaitForAsync();
        return page;
    }
}
