using Microsoft.Playwright;

namespace LoraOnnx.Evaluation.Tests.Support;

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
        return new Browser(playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox"] }));
    }

    /// <summary>Opens a file; fails when the page asks for anything else.</summary>
    public async Task<IPage> OpenAsync(string path, int width, int height, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await _browser.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = scheme });
        var address = new Uri(path).AbsoluteUri;
        page.Request += (_, request) => Assert.Equal(address, request.Url);
        await page.GotoAsync(address);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
