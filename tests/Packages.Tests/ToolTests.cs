using System.Xml.Linq;

namespace LoraOnnx.Packages.Tests;

/// <summary>lora-score as a tool of <c>dotnet tool</c>: packed for this platform, installed from a feed in a folder, run.</summary>
public sealed class ToolTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(10);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_program_is_installed_from_a_feed_with_this_platforms_natives_alone_and_scores_a_file()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux() && System.Runtime.InteropServices.RuntimeInformation.OSArchitecture
            == System.Runtime.InteropServices.Architecture.X64, "this test knows linux-x64's names.");
        Pack();
        Pack("-r", "linux-x64");
        _folder.Write("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{_folder.Path}/feed" /></packageSources>
            </configuration>
            """);
        using (var tool = new PackageFile($"{_folder.Path}/feed/lora-score.linux-x64.{PackageFeed.Version}.nupkg"))
        {
            Assert.True(tool.Has("README.md") && tool.Has("tools/net10.0/linux-x64/libonnxruntime.so"));
            Assert.DoesNotContain(tool.Files, file => file.Contains("runtimes/", StringComparison.Ordinal));
        }

        Dotnet("tool", "install", "lora-score", "--tool-path", $"{_folder.Path}/bin", "--configfile", $"{_folder.Path}/nuget.config");
        var model = _folder.Path + "/onnx";
        Run(Repository.Path("bin", "lora-merge"), "--model", Path.Combine("tests", "golden", "families", "distilbert-3", "model"),
            "--out", $"{model}/model.onnx");
        var texts = _folder.Write("in.jsonl", """{"text": "the film was very good"}""");
        Run($"{_folder.Path}/bin/lora-score", "--model", model, "--in", texts, "--out", $"{_folder.Path}/out.jsonl");

        Assert.Contains("\"label\"", File.ReadAllText($"{_folder.Path}/out.jsonl"), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_program_is_a_tool_of_its_own_name_on_every_platform_that_has_libraries()
    {
        var programs = Directory.GetFiles(Repository.Path("bin"), "*.cmd").Select(Path.GetFileNameWithoutExtension);
        var projects = Directory.EnumerateFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories)
            .Where(project => File.ReadAllText(project).Contains("<OutputType>Exe</OutputType>", StringComparison.Ordinal)).ToList();

        Assert.Equal(programs.Order(StringComparer.Ordinal), projects.Select(project => Property(project, "PackageId"))
            .Order(StringComparer.Ordinal));
        Assert.All(projects, project =>
        {
            Assert.Equal("true", Property(project, "PackAsTool"));
            Assert.Equal("linux-x64;linux-arm64;win-x64;win-arm64;osx-arm64", Property(project, "ToolPackageRuntimeIdentifiers"));
            Assert.Single(XDocument.Load(project).Descendants("Description"));
        });
    }

    private static string Property(string project, string name) =>
        Command.Run("dotnet", ["msbuild", project, $"-getProperty:{name}"]).Output.Trim();

    /// <summary>Beside the build of this checkout, whose files are for all platforms; what was compiled there stays for the next time.</summary>
    private void Pack(params string[] platform) => Dotnet(["pack", Repository.Path("src", "Scoring"), .. platform, "--output", $"{_folder.Path}/feed",
        "--artifacts-path", Repository.Path("artifacts", "tools"), "--verbosity", "quiet", "-p:RunAnalyzers=false", "-p:NuGetAudit=false"]);

    private void Dotnet(params string[] arguments) => Run("dotnet", arguments);

    private void Run(string program, params string[] arguments)
    {
        var result = Command.Run(program, arguments, _patience, environment: new Dictionary<string, string>
        {
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["NUGET_PACKAGES"] = program == "dotnet" && arguments[0] == "tool" ? $"{_folder.Path}/packages" : "",
        });
        Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {result}");
    }
}
