using System.Xml.Linq;

namespace LoraOnnx.House.Tests;

/// <summary>The references that project files declare, by room.</summary>
internal static class ProjectReferences
{
    private static readonly string[] _rooms = [.. Directory.GetDirectories(Repository.Path("src")).Select(path => Path.GetFileName(path)!).Order()];

    public static IReadOnlyList<string> Rooms => _rooms;

    /// <summary>Rooms that a room's project references.</summary>
    public static IReadOnlyList<string> Of(string room) =>
        [.. Items(room, "ProjectReference").Select(reference => reference.Split('/', '\\')[^2]).Order()];

    /// <summary>Packages that a room's project references, as written.</summary>
    public static IReadOnlyList<string> PackagesOf(string room) => [.. Items(room, "PackageReference")];

    private static IEnumerable<string> Items(string room, string item) =>
        XDocument.Load(Directory.GetFiles(Repository.Path("src", room), "*.csproj").Single())
            .Descendants(item).Select(element => element.Attribute("Include")!.Value);
}
