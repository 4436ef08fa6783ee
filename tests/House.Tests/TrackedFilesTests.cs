namespace LoraOnnx.House.Tests;

public sealed class TrackedFilesTests
{
    private const long LargestTree = 62L << 20;

    [Fact]
    public void The_tracked_tree_stays_small_enough_to_travel()
    {
        var listed = Command.Run("git", ["ls-files", "-z"]);
        Requirement.SkipUnless(listed.ExitCode == 0, "this is not a git checkout.");

        var bytes = listed.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(path => new FileInfo(Repository.Path(path))).Where(file => file.Exists).Sum(file => file.Length);

        Assert.True(bytes < LargestTree, $"tracked files have {bytes >> 20} MiB, expected less than {LargestTree >> 20}.");
    }
}
