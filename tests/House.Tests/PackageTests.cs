using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace LoraOnnx.House.Tests;

/// <summary>Directory.Packages.props lists what the projects use.</summary>
public sealed partial class PackageTests
{
    [Fact]
    public void Every_package_is_referenced_by_a_project_or_says_why_it_is_pinned()
    {
        var listed = Command.Run("git", ["ls-files", "-z", "*.csproj", "*.props", "*.targets"]);
        Requirement.SkipUnless(listed.ExitCode == 0, "this is not a git checkout.");
        var used = listed.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(file => Separators().Split(Version().Replace(File.ReadAllText(Repository.Path(file)), ""))).ToHashSet(StringComparer.Ordinal);

        var groups = XDocument.Load(Repository.Path("Directory.Packages.props")).Descendants("ItemGroup");
        var unused = groups.Where(group => group.Attribute("Label")?.Value.StartsWith("Pinned:", StringComparison.Ordinal) != true)
            .SelectMany(group => group.Elements("PackageVersion")).Select(package => package.Attribute("Include")!.Value) // they have a name
            .Where(package => !used.Contains(package));

        Assert.NotEmpty(used);
        Assert.Empty(unused);
    }

    [GeneratedRegex("<PackageVersion [^>]*>")]
    private static partial Regex Version();

    /// <summary>Between names: references are attributes, lists, or values of properties.</summary>
    [GeneratedRegex("[\"';<>\\s]+")]
    private static partial Regex Separators();
}
