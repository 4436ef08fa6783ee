using System.Xml.Linq;

[assembly: AssemblyFixture(typeof(LoraOnnx.Packages.Tests.PackageFeed))]

namespace LoraOnnx.Packages.Tests;

/// <summary>A feed in a folder with all packages, as <c>dotnet pack</c> makes them of what is built; it goes with the tests.</summary>
public sealed class PackageFeed : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PackageFeed()
    {
        foreach (var project in Directory.EnumerateFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories)
            .Where(project => File.ReadAllText(project).Contains("<IsPackable>true</IsPackable>", StringComparison.Ordinal)))
        {
            Pack(project, Path);
        }

        // The other accelerator's package has no code, so that it needs no build, only what it depends on.
        string[] gpu = ["-p:Accelerator=cuda", "-p:NuGetAudit=false", "--artifacts-path", Repository.Path("artifacts", "gpu-package")];
        var natives = Repository.Path("src", "Classifier", "Natives");
        var restored = Command.Run("dotnet", ["restore", natives, "--verbosity", "quiet", .. gpu], TimeSpan.FromMinutes(10));
        Assert.True(restored.ExitCode == 0, restored.ToString());
        Pack(natives, Path, gpu);
    }

    public static string Version { get; } =
        XDocument.Load(Repository.Path("Directory.Build.props")).Descendants("Version").Single().Value;

    public string Path => _folder.Path;

    public static void Pack(string project, string folder, params string[] further)
    {
        var packed = Command.Run("dotnet", ["pack", project, "--no-build", "--verbosity", "quiet", "--nologo", "--output", folder, .. further],
            environment: new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = "1700000000", ["MSBUILDDISABLENODEREUSE"] = "1" });
        Assert.True(packed.ExitCode == 0, packed.ToString());
    }

    public void Dispose() => _folder.Dispose();

    internal PackageFile Open(string package, string extension = ".nupkg") =>
        new(System.IO.Path.Combine(Path, $"{package}.{Version}{extension}"));
}
