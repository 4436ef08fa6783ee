namespace LoraOnnx.Merge.Tests;

/// <summary>What a merge that was killed leaves: the next one ends or removes it, and nothing else.</summary>
public sealed class MergeStageTests : IDisposable
{
    /// <summary>No process has it: Linux counts to 2^22.</summary>
    private const int DeadProcess = 999_999_999;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Place(string name) => Path.Combine(_folder.Path, name);

    [Fact]
    public void What_a_dead_merge_was_writing_is_removed()
    {
        _folder.Write($".merge-{DeadProcess}.partial/model.onnx", "half");
        _folder.Write("model.onnx", "old");

        MergeStage.Begin(_folder.Path).Dispose();

        Assert.Equal([Place("model.onnx")], Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal("old", File.ReadAllText(Place("model.onnx")));
    }

    [Fact]
    public void What_a_dead_merge_was_moving_is_brought_to_its_end()
    {
        _folder.Write($".merge-{DeadProcess}.partial/.commit", "model.onnx");
        _folder.Write($".merge-{DeadProcess}.partial/model.onnx", "new");
        _folder.Write($".merge-{DeadProcess}.partial/.replaced/config.json", "old");
        _folder.Write("config.json", "new"); // moved already
        _folder.Write("model.onnx", "old");

        MergeStage.Begin(_folder.Path).Dispose();

        Assert.Equal([Place("config.json"), Place("model.onnx")], Directory.GetFileSystemEntries(_folder.Path).Order(StringComparer.Ordinal));
        Assert.Equal("new", File.ReadAllText(Place("model.onnx")));
    }

    [Fact]
    public void What_a_living_merge_writes_stays_and_so_does_what_is_not_ours()
    {
        using var living = MergeStage.Begin(_folder.Path);
        var held = Place($".merge-{DeadProcess}.partial");
        Directory.CreateDirectory(held);
        using var hold = new FileStream(Path.Combine(held, ".lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        using var elsewhere = new TemporaryFolder();
        elsewhere.Write("kept", "kept");
        Directory.CreateSymbolicLink(Place($".merge-{DeadProcess - 1}.partial"), elsewhere.Path);
        _folder.Write(".merge-mine.partial/kept", "kept");

        using (var process = System.Diagnostics.Process.GetCurrentProcess())
        {
            Assert.EndsWith($".merge-{process.Id}.partial", living.Folder, StringComparison.Ordinal);
        }

        Assert.Throws<IOException>(() => MergeStage.Begin(_folder.Path)); // ours, which is held
        Assert.True(Directory.Exists(held));
        Assert.True(File.Exists(Path.Combine(elsewhere.Path, "kept")));
        Assert.True(File.Exists(Place(".merge-mine.partial/kept")));
    }

    [Fact]
    public void Files_are_replaced_together_or_not_at_all()
    {
        _folder.Write("config.json", "old");
        Directory.CreateDirectory(Place("model.onnx")); // a folder in the way of the last file
        using (var stage = MergeStage.Begin(_folder.Path))
        {
            File.WriteAllText(Path.Combine(stage.Folder, "config.json"), "new");
            File.WriteAllText(Path.Combine(stage.Folder, "vocab.txt"), "new");
            File.WriteAllText(Path.Combine(stage.Folder, "model.onnx"), "new");

            Assert.ThrowsAny<Exception>(() => stage.Commit("model.onnx"));
        }

        Assert.Equal("old", File.ReadAllText(Place("config.json")));
        Assert.Equal([Place("config.json"), Place("model.onnx")], Directory.GetFileSystemEntries(_folder.Path).Order(StringComparer.Ordinal));
    }
}
