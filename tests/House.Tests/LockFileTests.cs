using System.Runtime.InteropServices;
using System.Text.Json;
using System.Xml.Linq;

namespace LoraOnnx.House.Tests;

/// <summary>locks/: what is taken from feeds, with hashes, and the bill of it. Beside the build of this checkout, in folders of its own.</summary>
public sealed class LockFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Packages_are_those_of_the_lock_file_and_the_bill_of_materials_lists_them_all()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64,
            "the lock file is compared on linux-x64 alone.");

        var made = Command.Run("dotnet", ["msbuild", "locks", "-nologo", "-restore", "-t:Sbom", "-v:quiet", "-p:RestoreLockedMode=true",
            $"-p:ArtifactsPath={_folder.Path}", "-p:NuGetAudit=false"]);

        Assert.True(made.ExitCode == 0, made.ToString());
        using var bill = JsonDocument.Parse(File.ReadAllText($"{_folder.Path}/sbom/LoraOnnx.cpu.cdx.json"));
        var components = bill.RootElement.GetProperty("components").EnumerateArray().ToList();
        Assert.Equal(Locked("cpu").Select(package => $"{package.Name} {package.Version}").Distinct().Order(StringComparer.OrdinalIgnoreCase),
            components.Select(part => $"{part.GetProperty("name")} {part.GetProperty("version")}").Order(StringComparer.OrdinalIgnoreCase));
        Assert.All(components, part => Assert.Equal("SHA-512", part.GetProperty("hashes")[0].GetProperty("alg").GetString()));
    }

    [Fact]
    public void A_package_of_another_hash_is_refused()
    {
        Requirement.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64,
            "the lock file is compared on linux-x64 alone.");
        var hash = Locked("cpu").First(package => package.Name == "Google.Protobuf").Hash;
        var other = _folder.Write("other.json", File.ReadAllText(Repository.Path("locks", "cpu.json"))
            .Replace(hash, (hash[0] == 'A' ? 'B' : 'A') + hash[1..], StringComparison.Ordinal));

        var restored = Command.Run("dotnet", ["msbuild", "locks", "-nologo", "-t:Restore", "-v:quiet", "-p:RestoreLockedMode=true",
            $"-p:NuGetLockFilePath={other}", $"-p:ArtifactsPath={_folder.Path}", "-p:NuGetAudit=false"]);

        Assert.Equal(1, restored.ExitCode);
        Assert.Contains("NU1403: Package content hash validation failed for Google.Protobuf", restored.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu", "Microsoft.ML.OnnxRuntime")]
    [InlineData("cuda", "Microsoft.ML.OnnxRuntime.Gpu.Linux")]
    public void A_lock_file_has_its_accelerators_natives_and_the_versions_of_Directory_Packages_props(string accelerator, string natives)
    {
        var locked = Locked(accelerator);
        var versions = XDocument.Load(Repository.Path("Directory.Packages.props")).Descendants("PackageVersion")
            .Where(package => package.Attribute("Condition") is not { } condition
                || condition.Value.Contains("!=", StringComparison.Ordinal) == (accelerator != "cuda"))
            .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value); // it has both

        Assert.Contains(locked, package => package.Name == natives);
        Assert.All(locked.Where(package => versions.ContainsKey(package.Name)),
            package => Assert.Equal($"{package.Name} {versions[package.Name]}", $"{package.Name} {package.Version}"));
    }

    private static List<(string Name, string Version, string Hash)> Locked(string accelerator)
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Repository.Path("locks", $"{accelerator}.json")));
        return [.. file.RootElement.GetProperty("dependencies").EnumerateObject().SelectMany(platform => platform.Value.EnumerateObject())
            .Where(package => package.Value.TryGetProperty("resolved", out _))
            .Select(package => (package.Name, package.Value.GetProperty("resolved").GetString()!, // a package has both
                package.Value.GetProperty("contentHash").GetString()!))];
    }
}
