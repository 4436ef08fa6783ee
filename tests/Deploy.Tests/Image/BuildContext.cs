namespace LoraOnnx.Deploy.Tests.Image;

/// <summary>What Docker would send to the builder, and .dockerignore lets through, as a folder in artifacts/ that keeps what was compiled
/// there.</summary>
internal static class BuildContext
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(15);

    public static string Folder => Repository.Path("artifacts", "image", "source");

    public static string Published(string stage) => Repository.Path("artifacts", "image", stage);

    /// <summary>Brings the folder up to date.</summary>
    public static void Update()
    {
        var wanted = TrackedFiles().Where(IsLetThrough).ToHashSet(StringComparer.Ordinal);
        foreach (var path in wanted)
        {
            var (from, to) = (Repository.Path(path), Path.Combine(Folder, path));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!); // a file lies in a folder
            if (!File.Exists(to) || File.GetLastWriteTimeUtc(to) != File.GetLastWriteTimeUtc(from))
            {
                File.Copy(from, to, overwrite: true);
            }
        }

        foreach (var old in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetRelativePath(Folder, file) is var path && !path.StartsWith("artifacts/", StringComparison.Ordinal)
                && !wanted.Contains(path)))
        {
            File.Delete(old);
        }
    }

    /// <summary>Runs <c>dotnet</c> there; it must succeed.</summary>
    public static void Run(params string[] arguments)
    {
        var result = Command.Run("dotnet", [.. arguments, "-v", "quiet", "-p:RunAnalyzers=false", "-nodeReuse:false"], _patience, folder: Folder);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    /// <summary>What MSBuild makes of a property of a project there.</summary>
    public static string Property(string project, string name) =>
        Command.Run("dotnet", ["msbuild", project, $"-getProperty:{name}"], folder: Folder).Output.Trim();

    /// <summary>Runs the Dockerfile's own command for a stage, here instead of in a builder's container.</summary>
    public static void Publish(Dockerfile file, string stage)
    {
        var words = file.Last(stage, "RUN").Replace("$TARGETARCH", "x64", StringComparison.Ordinal).Split(' ');
        Assert.Equal("dotnet", words[0]);
        Run([.. words[1..].Select(word => word == "/app" ? Published(stage) : word)]);
    }

    private static bool IsLetThrough(string path) => File.ReadLines(Repository.Path(".dockerignore"))
        .Where(line => line.StartsWith('!')).Select(line => line[1..])
        .Any(kept => path == kept || path.StartsWith($"{kept}/", StringComparison.Ordinal));

    private static string[] TrackedFiles()
    {
        var listed = Command.Run("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
        Requirement.SkipUnless(listed.ExitCode == 0, "this is not a git checkout.");
        return [.. listed.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(path => File.Exists(Repository.Path(path)))];
    }
}
