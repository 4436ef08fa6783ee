using System.ComponentModel;
using Microsoft.Playwright;

namespace LoraOnnx.Merge.Tests.OnDevice;

/// <summary>A site in Debian's browser that consists of files of this machine, ONNX Runtime's training build among them; nothing else is
/// reached.</summary>
internal sealed class TrainingSite : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";
    private const string Address = "http://device.test/";

    private static readonly string _packages = Repository.Path("artifacts", "onnxruntime-web");
    private static readonly Lazy<string?> _problem = new(() => Install(_packages)); // once, whoever comes first

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private TrainingSite(IPlaywright playwright, IBrowser browser, IPage page) => (_playwright, _browser, Page) = (playwright, browser, page);

    public IPage Page { get; }

    /// <summary>What the page asked for, its address left out.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>The folder of the runtime's scripts, installed once by the sample's lock file; skips the test where that is not possible.</summary>
    public static async Task<string> RuntimeAsync()
    {
        var problem = await Task.Run(() => _problem.Value, TestContext.Current.CancellationToken);
        Requirement.SkipUnless(problem is null, $"npm could not install onnxruntime-web: {problem}");
        Requirement.SkipUnless(File.Exists(Chromium), $"there is no {Chromium} (apt-get install chromium).");
        return Path.Combine(_packages, "node_modules", "onnxruntime-web", "dist");
    }

    /// <summary>Opens the page at the site's root.</summary>
    /// <param name="fileOf">The file of a path within the site.</param>
    public static async Task<TrainingSite> OpenAsync(Func<string, string> fileOf)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox"], Timeout = Patience.Milliseconds }); // our own files
        var site = new TrainingSite(playwright, browser, await browser.NewPageAsync());
        site.Page.SetDefaultTimeout(Patience.Milliseconds);
        await site.Page.RouteAsync("**/*", route => route.FulfillAsync(site.Answer(route.Request, fileOf)));
        await site.Page.GotoAsync(Address);
        return site;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private RouteFulfillOptions Answer(IRequest request, Func<string, string> fileOf)
    {
        Asked.Add($"{request.Method} {request.Url}");
        Assert.StartsWith(Address, request.Url, StringComparison.Ordinal); // nothing else is asked for
        var path = request.Url[Address.Length..];
        var file = fileOf(path);
        return !File.Exists(file) ? new RouteFulfillOptions { Status = 404 } : new RouteFulfillOptions
        {
            BodyBytes = File.ReadAllBytes(file),
            ContentType = Path.GetExtension(file) switch
            {
                ".html" => "text/html",
                ".js" => "text/javascript",
                ".wasm" => "application/wasm",
                _ => "application/octet-stream",
            },
        };
    }

    /// <summary>Returns what went wrong, or null.</summary>
    private static string? Install(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in new[] { "package.json", "package-lock.json" })
        {
            File.Copy(Repository.Path("samples", "OnDevice", "web", name), Path.Combine(folder, name), overwrite: true);
        }

        try
        {
            var result = Command.Run("npm", ["ci", "--prefix", folder, "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]);
            return result.ExitCode == 0 ? null : result.ToString();
        }
        catch (Win32Exception missing)
        {
            return missing.Message;
        }
    }
}
