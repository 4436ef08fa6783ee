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
    }

    public static string Version { get; } =
        XDocument.Load(Repository.Path("Directory.Build.props")).Descendants("Version").Single().Value;

    public string Path => _folder.Path;

    public static void Pack(string project, string folder)
    {
        var packed = Command.Run("dotnet", ["pack", project, "--no-build", "--verbosity", "quiet", "--nologo", "--output", folder],
            environment: new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = "1700000000", ["MSBUILDDISABLENODEREUSE"] = "1" });
        Assert.True(packed.ExitCode == 0, packed.ToString());
    }

    public void Dispose() => _folder.Dispose();

    internal PackageFile Open(string package, string extension = ".nupkg") =>
        new(System.IO.Path.Combine(Path, $"{package}.{Version}{extension}"));
}
