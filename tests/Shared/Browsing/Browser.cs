using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace LoraOnnx.Tests.Browsing;

/// <summary>The Chromium of the system; Playwright's own download is not needed.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    private static readonly ViewportSize _desk = new() { Width = 1280, Height = 900 };
    private static readonly ViewportSize _phone = new() { Width = 390, Height = 844 };

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    /// <summary>Starts it, or skips the test where there is none.</summary>
    public static async Task<Browser> StartAsync()
    {
        Requirement.SkipUnless(File.Exists(Chromium), $"there is no {Chromium} (apt-get install chromium).");
        var playwright = await Playwright.CreateAsync();
        // Without the sandbox: in containers it cannot be set up, and only our own file is opened.
        return new Browser(playwright,
            await playwright.Chromium.LaunchAsync(
                new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox"], Timeout = Patience.Milliseconds }));
    }

    /// <summary>Opens a file; fails when the page asks for anything else.</summary>
    public async Task<IPage> OpenAsync(string path, int width, int height, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await _browser.NewPageAsync(
            new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = scheme });
        page.SetDefaultTimeout(Patience.Milliseconds);
        var address = new Uri(path).AbsoluteUri;
        page.Request += (_, request) => Assert.Equal(address, request.Url);
        await page.GotoAsync(address);
        return page;
    }

    /// <summary>Unfolds everything, as a reader would who wants it all.</summary>
    public static Task UnfoldAsync(IPage page) => page.EvaluateAsync("document.querySelectorAll('details').forEach(details => details.open = true)");

    /// <summary>Fails where axe finds anything.</summary>
    public static async Task AssertAccessibleAsync(IPage page)
    {
        var onlyThem = new AxeRunOptions { ResultTypes = [ResultType.Violations] }; // what passes is thousands of nodes, each with its selector
        var violations = (await page.RunAxe(onlyThem)).Violations;
        Assert.True(violations.Length == 0, string.Join('\n', violations.Select(violation =>
            $"{violation.Id}: {violation.Help}: {string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))}")));
    }

    /// <summary>
    /// Pictures of a page as it opens, on a desk and on a phone, light and dark, in artifacts/; with UPDATE_DOCS=1 also in docs/pictures, in 16
    /// colours as WebP, by Debian's pngquant and cwebp. Fails as <see cref="AssertReadableAsync"/> does.
    /// </summary>
    public async Task TakePicturesAsync(string path, string name, double mostScreens)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            foreach (var size in new[] { _desk, _phone })
            {
                var picture = await LookAsync(path, name, size, scheme, mostScreens);
                if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
                {
                    Directory.CreateDirectory(Repository.Path("docs", "pictures"));
                    var few = Path.ChangeExtension(picture, ".16.png");
                    var reduced = Command.Run("pngquant", ["--force", "--nofs", "16", picture, "--output", few]);
                    Assert.True(reduced.ExitCode == 0, reduced.ToString());
                    var small = Command.Run("cwebp", ["-quiet", "-lossless", "-z", "9", few, "-o",
                        Repository.Path("docs", "pictures", Path.ChangeExtension(Path.GetFileName(picture), ".webp"))]);
                    Assert.True(small.ExitCode == 0, small.ToString());
                }
            }
        }
    }

    /// <summary>Fails when a page is wider than a desk in the light or a phone in the dark, or higher than <paramref name="mostScreens"/> before
    /// anything is unfolded, or where axe finds anything.</summary>
    public async Task AssertReadableAsync(string path, string name, double mostScreens)
    {
        await LookAsync(path, name, _desk, ColorScheme.Light, mostScreens);
        await LookAsync(path, name, _phone, ColorScheme.Dark, mostScreens);
    }

    /// <summary>Where the picture is.</summary>
    private async Task<string> LookAsync(string path, string name, ViewportSize size, ColorScheme scheme, double mostScreens)
    {
        var page = await OpenAsync(path, size.Width, size.Height, scheme);
        var file = $"{name}-{size.Width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}.png";
        var picture = Repository.Path("artifacts", file);
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = picture, FullPage = true });
        await AssertWidthAsync(page, size.Width, file);
        var high = await page.EvaluateAsync<int>("document.documentElement.scrollHeight");
        Assert.True(high <= mostScreens * size.Height, $"{file} is {high} high, {(double)high / size.Height:0.0} screens");
        await UnfoldAsync(page);
        await AssertWidthAsync(page, size.Width, $"{file}, unfolded,");
        await AssertAccessibleAsync(page);
        await page.CloseAsync();
        return picture;
    }

    private static async Task AssertWidthAsync(IPage page, int most, string what)
    {
        var wide = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(wide <= most, $"{what} is {wide} wide");
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
