using LoraOnnx.Serving.Security;
using LoraOnnx.Serving.Tests.Support;
using Microsoft.Playwright;

namespace LoraOnnx.Serving.Tests.Page;

/// <summary>The reference at /docs in a real browser: it needs nothing but its server, and a key where one is needed.</summary>
public sealed class ReferencePageTests(PageBrowser chromium) : IClassFixture<PageBrowser>
{
    private const string Key = "user-key-0123456789";

    [Fact]
    public async Task It_shows_every_call_and_asks_nobody_but_its_server()
    {
        await using var server = await TestServer.StartAsync(new TestEngine());
        var page = await chromium.OpenAsync();
        var (foreign, complaints) = (new List<string>(), new List<string>());
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(server.HttpAddress.ToString(), StringComparison.Ordinal)
                && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
            {
                foreign.Add(request.Url);
            }
        };
        page.Console += (_, message) => complaints.AddRange(message.Type == "error" ? [message.Text] : []);

        await page.GotoAsync($"{server.HttpAddress}docs");
        await page.GetByText("Classifies one text.").First.WaitForAsync();
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        Assert.Empty(foreign);
        Assert.Empty(complaints);
        Assert.True(await page.GetByText("text-embeddings-inference").First.IsVisibleAsync());
    }

    [Fact]
    public async Task Where_keys_are_needed_it_asks_for_one()
    {
        using var folder = new TemporaryFolder();
        await using var server = await TestServer.StartAsync(
            new TestEngine(), TestServer.Options with { Access = [new ApiKeyScheme(folder.Write("keys", $"user alice {Key}\n"))] });
        var page = await chromium.OpenAsync();

        await page.GotoAsync($"{server.HttpAddress}docs");
        await page.GetByText("The document needs a key.").WaitForAsync();
        await page.GetByLabel("API key").FillAsync(Key);
        await page.Keyboard.PressAsync("Enter");

        await page.GetByText("Classifies one text.").First.WaitForAsync();
        Assert.False(await page.GetByLabel("API key", new() { Exact = true }).First.IsVisibleAsync());
    }
}
