namespace LoraOnnx.Packages.Tests;

/// <summary>
/// Somebody who uses the packages: a folder outside of the checkout that takes them from the feed, and all others from this machine's cache.
/// Nothing is downloaded, unless the sources that this machine's user has are to be asked too. What was installed from a feed before is hidden,
/// for a version is only installed once.
/// </summary>
internal sealed class Customer : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public Customer(PackageFeed feed, bool withSourcesOfThisMachine = false)
    {
        var cache = _folder.Path + "/cache";
        Directory.CreateDirectory(cache);
        foreach (var package in Directory.EnumerateDirectories(Cache()).Where(folder => !IsOurs(folder)))
        {
            Directory.CreateSymbolicLink(Path.Combine(cache, Path.GetFileName(package)), package);
        }

        _folder.Write("nuget.config", $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="packages" /></config>
              <fallbackPackageFolders><clear /><add key="cache" value="cache" /></fallbackPackageFolders>
              <packageSources>{(withSourcesOfThisMachine ? "" : "<clear />")}<add key="feed" value="{feed.Path}" /></packageSources>
            </configuration>
            """);
    }

    /// <summary>Where the program lies; not above the packages, whose sources would be the program's.</summary>
    public string Folder => Path.Combine(_folder.Path, "app");

    public void Write(string name, string text) => _folder.Write($"app/{name}", text);

    /// <summary>Runs the SDK in the folder; it must succeed.</summary>
    public string Dotnet(params string[] arguments)
    {
        var result = Command.Run("dotnet", arguments, TimeSpan.FromMinutes(5), folder: Folder,
            environment: new Dictionary<string, string> { ["NUGET_PACKAGES"] = "", ["MSBUILDDISABLENODEREUSE"] = "1" });
        Assert.True(result.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}: {result}");
        return result.Output;
    }

    public void Dispose() => _folder.Dispose();

    private static bool IsOurs(string folder) => Path.GetFileName(folder).StartsWith("lora", StringComparison.OrdinalIgnoreCase);

    /// <summary>Where this machine keeps packages.</summary>
    private static string Cache()
    {
        var listed = Command.Run("dotnet", ["nuget", "locals", "global-packages", "--list", "--force-english-output"]);
        Assert.True(listed.ExitCode == 0, listed.ToString());
        return listed.Output[(listed.Output.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
