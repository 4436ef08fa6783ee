using System.Text.RegularExpressions;

namespace LoraOnnx.Packages.Tests;

/// <summary>
/// The programs as they are published for win-x64, self-contained, under wine: what is read, written, renamed and locked there goes by Windows'
/// rules. The model is tiny, its reference logits are those of the other implementation.
/// </summary>
public sealed partial class WindowsTests : IDisposable
{
    private static readonly string _model = Path.Combine("tests", "golden", "families", "distilbert-3", "model");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_is_merged_compared_scored_and_served_under_wine_with_the_scores_of_this_system()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/wine"), "wine is not installed.");
        foreach (var program in (string[])["Merge", "Scoring", "Evaluation", "Serving"])
        {
            var published = Command.Run("dotnet", ["publish", $"src/{program}", "--runtime", "win-x64", "--self-contained", "--verbosity", "quiet",
                "--artifacts-path", $"{_folder.Path}/artifacts", "-p:PublishReadyToRun=false", "-p:RunAnalyzers=false", "-p:NuGetAudit=false",
                "--output", $"{_folder.Path}/win"], TimeSpan.FromMinutes(5));
            Assert.True(published.ExitCode == 0, published.ToString());
        }

        var data = _folder.Write("data.jsonl", """
            {"text": "the film was very good", "label": 0}
            {"text": "i hated it. never again.", "label": 1}
            """);
        Wine("lora-merge", "--model", _model, "--out", $"{_folder.Path}/wine/model.onnx");
        Here("lora-merge", "--model", _model, "--out", $"{_folder.Path}/here/model.onnx");
        Wine("lora-merge", "--model", _model, "--out", $"{_folder.Path}/wine/model.onnx"); // over the first
        Wine("lora-score", "--model", $"{_folder.Path}/wine", "--in", data, "--out", $"{_folder.Path}/wine.jsonl");
        Here("lora-score", "--model", $"{_folder.Path}/here", "--in", data, "--out", $"{_folder.Path}/here.jsonl");
        var report = Wine("lora-compare", $"a={_folder.Path}/wine", $"b={_folder.Path}/here", "--data", data, "--json").Output;

        var (wine, here) = (Numbers($"{_folder.Path}/wine.jsonl"), Numbers($"{_folder.Path}/here.jsonl"));
        Assert.NotEmpty(wine);
        Assert.Equal(here.Count, wine.Count);
        Assert.All(wine.Zip(here), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
        Assert.Contains("\"f1\"", report, StringComparison.OrdinalIgnoreCase);
        using var server = Command.Start("wine",
            [$"{_folder.Path}/win/lora-serve.exe", "--model", $"{_folder.Path}/wine", "--grpc-port", "0", "--http-port", "0"], environment: Quiet);
        try
        {
            string? address = null;
            while (address is null && await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                address = Grpc().Match(line) is { Success: true } match ? match.Groups[1].Value : null;
            }

            Assert.NotNull(address);
            Assert.NotEmpty(Wine("lora-serve", "predict", "--address", address, "the film was very good").Output);
            Assert.NotEmpty(Here("lora-serve", "predict", "--address", address, "the film was very good").Output);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            Command.Run("/usr/lib/wine/wineserver", ["-k"], environment: Quiet); // it would write into its folder when that goes
        }
    }

    /// <summary>W^X needs what wine has not; its own remarks are no output of ours.</summary>
    private Dictionary<string, string> Quiet => new()
    {
        ["WINEDEBUG"] = "-all",
        ["DOTNET_EnableWriteXorExecute"] = "0",
        ["WINEPREFIX"] = $"{_folder.Path}/prefix",
    };

    private CommandResult Wine(string program, params string[] arguments) =>
        Succeed("wine", [$"{_folder.Path}/win/{program}.exe", .. arguments], Quiet);

    private static CommandResult Here(string program, params string[] arguments) => Succeed(Repository.Path("bin", program), arguments, null);

    private static CommandResult Succeed(string program, string[] arguments, Dictionary<string, string>? environment)
    {
        var result = Command.Run(program, arguments, TimeSpan.FromMinutes(5), environment: environment);
        Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {result}");
        return result;
    }

    private static List<double> Numbers(string file) => [.. Number().Matches(File.ReadAllText(file))
        .Select(match => double.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture))];

    [GeneratedRegex(@"\b[01]\.\d+(e-?\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex(@"^listening: grpc (\S+?)\s*$")]
    private static partial Regex Grpc();
}
