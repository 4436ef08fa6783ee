namespace LoraOnnx.House.Tests;

public sealed class TrackedFilesTests
{
    private const long LargestTree = 62L << 20;
    private const int LongestLine = 150;

    /// <summary>Kinds of files whose lines people read. Markdown's tables and what came from elsewhere as it is have lines of their own.</summary>
    private static readonly string[] _written = [".cs", ".razor", ".props", ".targets", ".csproj", ".proto", ".js", ".css", ".html", ".sh", ".md"];

    private static readonly string[] _foreign = ["tests/golden/", "models/", "samples/"];

    [Fact]
    public void The_tracked_tree_stays_small_enough_to_travel()
    {
        var bytes = Tracked().Select(path => new FileInfo(Repository.Path(path))).Where(file => file.Exists).Sum(file => file.Length);

        Assert.True(bytes < LargestTree, $"tracked files have {bytes >> 20} MiB, expected less than {LargestTree >> 20}.");
    }

    [Fact]
    public void Lines_end_at_150_columns()
    {
        var tooLong = Written().SelectMany(path => File.ReadLines(Repository.Path(path)).Index()
            .Where(line => line.Item.Length > LongestLine && !(IsMarkdown(path) && line.Item.TrimStart().StartsWith('|')))
            .Select(line => $"{path}:{line.Index + 1} ({line.Item.Length})")).ToList();

        Assert.True(tooLong.Count == 0, $"{tooLong.Count} lines are longer than {LongestLine}: {string.Join(", ", tooLong.Take(20))}");
    }

    [Fact]
    public void Files_of_code_stay_short_enough_to_read()
    {
        int[] lengths = [.. Written()
            .Where(path => path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal))
            .Select(path => File.ReadLines(Repository.Path(path)).Count()).Order()];

        Assert.True(lengths[lengths.Length / 2] <= 60, $"the median file has {lengths[lengths.Length / 2]} lines, expected at most 60.");
        Assert.True(lengths[lengths.Length * 9 / 10] <= 200, $"a tenth of the files has {lengths[lengths.Length * 9 / 10]} lines or more.");
    }

    private static IEnumerable<string> Written() => Tracked().Where(path => File.Exists(Repository.Path(path))
        && _written.Contains(Path.GetExtension(path), StringComparer.Ordinal)
        && !_foreign.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)));

    private static bool IsMarkdown(string path) => path.EndsWith(".md", StringComparison.Ordinal);

    private static string[] Tracked()
    {
        var listed = Command.Run("git", ["ls-files", "-z"]);
        Requirement.SkipUnless(listed.ExitCode == 0, "this is not a git checkout.");
        return listed.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }
}
