using System.Text.Json;
using Deque.AxeCore.Playwright;
using LoraOnnx.Model;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.Playwright;

namespace LoraOnnx.Serving.Tests.Page;

/// <summary>The page with models of more than two classes, and of several labels a text.</summary>
public sealed class PageLabelTests(PageBrowser chromium) : IClassFixture<PageBrowser>, IDisposable
{
    private static readonly string[] _labels = ["joy", "disappointment", "surprise-or-realization"];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ProblemType.SingleLabel, 1280, ColorScheme.Light)]
    [InlineData(ProblemType.SingleLabel, 390, ColorScheme.Dark)]
    [InlineData(ProblemType.MultiLabel, 1280, ColorScheme.Dark)]
    [InlineData(ProblemType.MultiLabel, 390, ColorScheme.Light)]
    public async Task Axe_finds_nothing_and_it_fits(ProblemType type, int width, ColorScheme scheme)
    {
        await using var server = await StartAsync(type);
        var page = await OpenAsync(server, new() { ViewportSize = new() { Width = width, Height = 844 }, ColorScheme = scheme });

        await page.GetByText("More on this model").ClickAsync();
        await page.GetByText("The same from a program").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "a good one" }).ClickAsync();
        await page.GetByRole(AriaRole.Article).WaitForAsync();
        await page.GetByLabel("or a file").SetInputFilesAsync(_folder.Write("own.csv", "text;stars\nlong ago;5\nnot bad;3\n"));
        await page.GetByText("2 texts.").WaitForAsync();

        var violations = (await page.RunAxe()).Violations;
        await page.ScreenshotAsync(
            new PageScreenshotOptions { Path = Repository.Path("artifacts", $"page-{type}-{width}.png"), FullPage = true });
        Assert.True(violations.Length == 0, string.Join('\n', violations.Select(
            violation => $"{violation.Id}: {violation.Help}: {string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))}")));
        Assert.InRange(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
    }

    [Fact]
    public async Task Of_several_labels_those_from_their_thresholds_on_are_said_and_none_is_no_label()
    {
        await using var server = await StartAsync(ProblemType.MultiLabel);
        var page = await OpenAsync(server);
        var answer = page.GetByRole(AriaRole.Article);

        await page.GetByLabel("Text", new() { Exact = true }).FillAsync("yes");
        await page.Keyboard.PressAsync("Control+Enter");
        await answer.WaitForAsync();
        var (said, first) = (await answer.Locator(".label").InnerTextAsync(), await answer.GetByRole(AriaRole.Row).First.InnerTextAsync());
        await page.GetByLabel("Text", new() { Exact = true }).FillAsync("no no no");
        await page.Keyboard.PressAsync("Control+Enter");
        await page.GetByText("no label").WaitForAsync();

        Assert.Equal("joy + surprise-or-realization", said);
        Assert.Equal(["joy", "88.1\u00A0%", "from 50.0\u00A0%"], first.Split((char[])['\t', '\n'], StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_file_gets_the_columns_of_lora_score()
    {
        await using var server = await StartAsync(ProblemType.MultiLabel);
        var page = await OpenAsync(server, new() { AcceptDownloads = true });

        await page.GetByLabel("or a file").SetInputFilesAsync(_folder.Write("own.jsonl", "{\"text\": \"yes\"}\n{\"text\": \"no no no\"}\n"));
        await page.GetByText("2 texts.").WaitForAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Download CSV" }).ClickAsync());

        Assert.Equal("""
            "text","label","labels","score","tokens","cut"
            "yes","joy","joy|surprise-or-realization","0.8808","3","no"
            "no no no","joy","","0.2689","5","no"

            """, (await File.ReadAllTextAsync(await download.PathAsync(), Cancel)).ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("[\"a\", \"b\"]", "entry 1 is no JSON object, expected {\"text\": \"…\"}.")]
    [InlineData("[{\"text\": ", "the array is no JSON.")]
    [InlineData("{\"text\": \"a\"}\n5\n", "object 2 is no JSON object, expected {\"text\": \"…\"}.")]
    public async Task A_file_that_is_wrong_takes_the_table_of_the_last_one_away(string content, string expected)
    {
        await using var server = await StartAsync(ProblemType.SingleLabel);
        var page = await OpenAsync(server);
        await page.GetByLabel("or a file").SetInputFilesAsync(_folder.Write("good.jsonl", "{\"text\": \"yes\"}\n"));
        await page.GetByText("1 text.").WaitForAsync();

        await page.GetByLabel("or a file").SetInputFilesAsync(_folder.Write("wrong.jsonl", content));

        await page.GetByText($"wrong.jsonl: {expected}").WaitForAsync();
        Assert.False(await page.GetByRole(AriaRole.Region, new() { Name = "Results" }).IsVisibleAsync());
        Assert.True(await page.GetByRole(AriaRole.Button, new() { Name = "Download CSV" }).IsDisabledAsync());
    }

    [Fact]
    public async Task The_server_says_from_which_score_each_label_holds()
    {
        await using var several = await StartAsync(ProblemType.MultiLabel);
        await using var single = await StartAsync(ProblemType.SingleLabel);
        using var http = several.Http();

        var rest = JsonDocument.Parse(await http.GetStringAsync(new Uri("v1/models", UriKind.Relative), Cancel)).RootElement;

        Assert.Equal("[0.5,0.5,0.5]", rest.GetProperty("models")[0].GetProperty("thresholds").GetRawText());
        Assert.Equal([0.5, 0.5, 0.5], (await ModelsAsync(several)).Models[0].Thresholds);
        Assert.Empty((await ModelsAsync(single)).Models[0].Thresholds);
    }

    private static async Task<LoraOnnx.V1.ListModelsResponse> ModelsAsync(TestServer server) =>
        await new LoraOnnx.V1.Sentiment.SentimentClient(server.Connect()).ListModelsAsync(new(), cancellationToken: Cancel);

    /// <summary>A text of one word is joyful and surprising, a longer one nothing in particular.</summary>
    private static Task<TestServer> StartAsync(ProblemType type)
    {
        var demo = new TestEngine();
        return TestServer.StartAsync(new TestEngine
        {
            Config = demo.Config with { Task = new ClassificationTask(_labels, type) },
            Answer = ids => ids.Length <= 3 ? [2, -3, 1] : [-1, -3, -2],
        });
    }

    private async Task<IPage> OpenAsync(TestServer server, BrowserNewPageOptions? options = null)
    {
        var page = await chromium.OpenAsync(options);
        await page.GotoAsync(server.HttpAddress.ToString());
        await page.GetByText(_labels[1]).First.WaitForAsync();
        return page;
    }
}
