using System.Xml.Linq;

namespace LoraOnnx.House.Tests;

/// <summary>The references that project files declare, by room.</summary>
internal static class ProjectReferences
{
    /// <summary>Folders with a project, by their path under src: a room, or one of several in a room.</summary>
    private static readonly string[] _rooms = [.. Directory.GetFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories)
        .Select(project => Path.GetRelativePath(Repository.Path("src"), Path.GetDirectoryName(project)!).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> Rooms => _rooms;

    /// <summary>Rooms that a room's project references.</summary>
    public static IReadOnlyList<string> Of(string room) =>
        [.. Items(room, "ProjectReference").SelectMany(reference => Named(reference, room)).Order(StringComparer.Ordinal)];

    /// <summary>Packages that a room's project references, as written.</summary>
    public static IReadOnlyList<string> PackagesOf(string room) => [.. Items(room, "PackageReference")];

    private static IEnumerable<string> Items(string room, string item) =>
        XDocument.Load(Directory.GetFiles(Repository.Path("src", room), "*.csproj").Single())
            .Descendants(item).Select(element => element.Attribute("Include")?.Value).OfType<string>();

    /// <summary>The room of a reference, or where it is a pattern those that it matches, but for the one whose project says so.</summary>
    private static IEnumerable<string> Named(string reference, string room)
    {
        var file = Path.GetFullPath(reference.Replace('\\', '/'), Repository.Path("src", room));
        var named = Path.GetRelativePath(Repository.Path("src"), Path.GetDirectoryName(file)!).Replace('\\', '/'); // a file in a folder
        return named.EndsWith("/*", StringComparison.Ordinal) ? Rooms.Where(other => other.StartsWith(named[..^1], StringComparison.Ordinal)
            && other != room) : [named];
    }
}
