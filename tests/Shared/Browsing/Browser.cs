using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace LoraOnnx.Tests.Browsing;

/// <summary>The Chromium of the system; Playwright's own download is not needed.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

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
        var violations = (await page.RunAxe()).Violations;
        Assert.True(violations.Length == 0, string.Join('\n', violations.Select(violation =>
            $"{violation.Id}: {violation.Help}: {string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))}")));
    }

    /// <summary>
    /// Pictures of a page as it opens, on a desk and on a phone, light and dark, in artifacts/; with UPDATE_DOCS=1 also in docs/pictures, as WebP by
    /// Debian's cwebp, which is how those there were made. Fails when it is wider than the screen, or higher than
    /// <paramref name="mostScreens"/> before anything is unfolded.
    /// </summary>
    public async Task TakePicturesAsync(string path, string name, double mostScreens)
    {
        foreach (var (width, height) in new[] { (1280, 900), (390, 844) })
        {
            foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                var page = await OpenAsync(path, width, height, scheme);
                var file = $"{name}-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}.png";
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = Repository.Path("artifacts", file), FullPage = true });
                await AssertAccessibleAsync(page);
                var (wide, high) =
                    (await page.EvaluateAsync<int>("document.documentElement.scrollWidth"),
                        await page.EvaluateAsync<int>("document.documentElement.scrollHeight"));
                Assert.True(wide <= width, $"{file} is {wide} wide");
                Assert.True(high <= mostScreens * height, $"{file} is {high} high, {(double)high / height:0.0} screens");
                if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
                {
                    Directory.CreateDirectory(Repository.Path("docs", "pictures"));
                    var small = Command.Run("cwebp", ["-quiet", "-lossless", "-z", "9", Repository.Path("artifacts", file), "-o",
                        Repository.Path("docs", "pictures", Path.ChangeExtension(file, ".webp"))]);
                    Assert.True(small.ExitCode == 0, small.ToString());
                }

                await UnfoldAsync(page);
                await AssertAccessibleAsync(page);
                await page.CloseAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
