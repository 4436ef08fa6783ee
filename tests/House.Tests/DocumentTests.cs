using System.Text.RegularExpressions;

namespace LoraOnnx.House.Tests;

/// <summary>Files and folders that documents name are there: whoever reads of a place wants to go there.</summary>
public sealed partial class DocumentTests
{
    private const string Architecture = "docs/architecture.md";

    /// <summary>Where the short names of architecture.md begin.</summary>
    private static readonly string[] _beginnings = ["", "src/", "src/Serving/", "src/Training/", "src/Training/Core/"];

    private static readonly Lazy<HashSet<string>> _names = new(() => [.. Directory.EnumerateFiles(Repository.Path("src"), "*.cs",
        SearchOption.AllDirectories).Select(path => Path.GetFileName(path)!)]);

    [Fact]
    public void Documents_name_files_that_are_there()
    {
        var missing = from document in Directory.EnumerateFiles(Repository.Path("docs"), "*.md", SearchOption.AllDirectories)
                          .Append(Repository.Path("README.md"))
                      let name = Path.GetRelativePath(Repository.Root, document).Replace('\\', '/')
                      from line in File.ReadLines(document)
                      let text = name == Architecture ? WithoutNewFiles(line) : line
                      from Match place in Place().Matches(text)
                      where !IsThere("", place.Groups[1].Value)
                      select $"{name}: {place.Groups[1].Value}";

        Assert.Empty(missing);
    }

    [Fact]
    public void Architecture_names_files_that_are_there()
    {
        var missing = from line in File.ReadLines(Repository.Path(Architecture))
                      from Match place in ShortPlace().Matches(WithoutNewFiles(line))
                      let path = place.Groups[1].Value
                      where !_names.Value.Contains(path)
                          && !Array.Exists(_beginnings, beginning => IsThere(beginning, path) || IsThere(beginning, path + ".cs"))
                      select path;

        Assert.Empty(missing);
    }

    [Fact]
    public void Architecture_says_what_each_folder_of_the_server_is_for()
    {
        var text = File.ReadAllText(Repository.Path(Architecture));
        var serving = Repository.Path("src", "Serving");
        var unsaid = Directory.GetDirectories(serving).SelectMany(folder => Path.GetFileName(folder) is "Protocols" or "Transports"
                ? Directory.GetDirectories(folder) : [folder])
            .Select(folder => Path.GetRelativePath(serving, folder).Replace('\\', '/')).Where(name => name is not ("obj" or "bin"))
            .Where(name => !text.Contains($"`{name}`", StringComparison.Ordinal));

        Assert.Empty(unsaid);
    }

    /// <summary>What a change would add is not there: of those rows the last column counts.</summary>
    private static string WithoutNewFiles(string line) => line.StartsWith("| a further ", StringComparison.Ordinal) ? line.Split('|')[^2] : line;

    private static bool IsThere(string beginning, string path)
    {
        var full = Repository.Path([.. (beginning + path).TrimEnd('/').Split('/')]);
        return path.Contains('*', StringComparison.Ordinal)
            ? Directory.Exists(Path.GetDirectoryName(full)) && Directory.EnumerateFiles(Path.GetDirectoryName(full)!, Path.GetFileName(full)).Any()
            : Path.Exists(full);
    }

    [GeneratedRegex(@"`((?:src|tests|bench|deploy|samples|docs|protos|locks)/[^`\s]*)`")]
    private static partial Regex Place();

    [GeneratedRegex(@"`([A-Z]\w*(?:/[A-Z]\w*)+|\w+\.cs)`")]
    private static partial Regex ShortPlace();
}
