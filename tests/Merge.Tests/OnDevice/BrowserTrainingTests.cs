using System.ComponentModel;
using System.Text.Json;
using Microsoft.Playwright;

namespace LoraOnnx.Merge.Tests.OnDevice;

/// <summary>
/// The artifacts train in ONNX Runtime's own training runtime, which exists for browsers on npm: 24 steps of a golden model go where they go with the
/// artifacts that onnxruntime.training.artifacts made (tests/golden/ort-training).
/// </summary>
public sealed class BrowserTrainingTests : IDisposable
{
    private const string Chromium = "/usr/bin/chromium";
    private const string Site = "http://device.test/";
    private const double Tolerance = 1e-4; // of a loss

    private static readonly string _golden = Golden.Path("ort-training");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("head")]
    [InlineData("lora")]
    [InlineData("lora-and-head")]
    public async Task Losses_in_the_browser_are_those_of_the_python_generators_artifacts(string name)
    {
        var packages = Repository.Path("artifacts", "onnxruntime-web");
        var problem = await Task.Run(() => Install(packages), TestContext.Current.CancellationToken);
        Requirement.SkipUnless(problem is null, $"npm could not install onnxruntime-web: {problem}");
        Requirement.SkipUnless(File.Exists(Chromium), $"there is no {Chromium} (apt-get install chromium).");
        Write(name);

        var losses = await TrainAsync(Path.Combine(packages, "node_modules", "onnxruntime-web", "dist"));

        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_golden, name, "expected.json")));
        float[] golden =
            [.. expected.RootElement.GetProperty("losses_at_constant_rate_0.001").EnumerateArray().Select(loss => loss.GetSingle())];
        Assert.Equal(golden.Length, losses.Length);
        var difference = golden.Zip(losses, (a, b) => Math.Abs(a - b)).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {difference:G3}");
        Assert.True(difference <= Tolerance, $"losses differ by {difference:G3}: {string.Join(", ", losses)}");
    }

    /// <summary>The artifacts for the tensors that the trajectory begins with.</summary>
    private void Write(string name)
    {
        var initial = FamilyGolden.PathOf("distilbert-3", "trajectories", name, "initial.safetensors");
        var isHead = name == "head";
        File.Copy(initial, Path.Combine(_folder.Path, isHead ? "model.safetensors" : "adapter_model.safetensors"));
        _folder.Write("adapter_config.json", JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["peft_type"] = "LORA",
            ["r"] = 4,
            ["lora_alpha"] = 8,
            ["target_modules"] = (string[])["q_lin", "k_lin", "v_lin"],
            ["task_type"] = "SEQ_CLS",
            ["modules_to_save"] = name == "lora-and-head" ? (string[])["classifier", "pre_classifier"] : [],
        }));
        if (name == "lora")
        {
            _folder.Write("adapter_config.json", """{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_lin", "k_lin", "v_lin"]}""");
        }

        var result = Command.Run(Repository.Path("bin", "lora-merge"),
            ["--model", FamilyGolden.CheckpointOf("distilbert-3"), isHead ? "--head" : "--adapter", _folder.Path,
                "--training-artifacts", Path.Combine(_folder.Path, "artifacts"), "--hugging-face-adamw"]);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private async Task<float[]> TrainAsync(string runtime)
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox"] }); // only our own files are opened
        var page = await browser.NewPageAsync();
        await page.RouteAsync("**/*", route => route.FulfillAsync(Answer(route.Request.Url, runtime)));
        await page.GotoAsync(Site);
        var losses = await page.EvaluateAsync<JsonElement>("train()");
        return [.. losses.EnumerateArray().Select(loss => loss.GetSingle())];
    }

    private RouteFulfillOptions Answer(string address, string runtime)
    {
        Assert.StartsWith(Site, address, StringComparison.Ordinal); // nothing else is asked for
        var path = address[Site.Length..];
        var file = path switch
        {
            "" => Repository.Path("tests", "Merge.Tests", "OnDevice", "page.html"),
            "batches.json" => Path.Combine(_golden, path),
            _ when path.StartsWith("ort/", StringComparison.Ordinal) => Path.Combine(runtime, path["ort/".Length..]),
            _ => Path.Combine(_folder.Path, "artifacts", path),
        };
        return !File.Exists(file) ? new RouteFulfillOptions { Status = 404 } : new RouteFulfillOptions
        {
            BodyBytes = File.ReadAllBytes(file),
            ContentType = Path.GetExtension(file) switch
            {
                ".html" or "" when path.Length == 0 => "text/html",
                ".js" => "text/javascript",
                ".wasm" => "application/wasm",
                _ => "application/octet-stream",
            },
        };
    }

    /// <summary>Packages of the sample's lock file, installed once. Returns what went wrong, or null.</summary>
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
