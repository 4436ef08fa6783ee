using LoraOnnx.Training.Recording;

namespace LoraOnnx.Training.Tests.Recording;

public sealed class RunFolderTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("runs-").FullName;

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    private string Run => Path.Combine(_parent, "run");

    [Fact]
    public void A_second_process_is_refused_while_the_first_one_writes()
    {
        using var first = RunFolder.Open(Run, resume: false, overwrite: false);

        Assert.Contains("another lora-train", Assert.Throws<InputException>(() => RunFolder.Open(Run, resume: true, overwrite: false)).Message);
    }

    [Fact]
    public void A_run_is_replaced_only_on_request()
    {
        Directory.CreateDirectory(Path.Combine(Run, "adapter"));
        File.WriteAllText(Path.Combine(Run, "run.json"), "{}");

        var error = Assert.Throws<InputException>(() => RunFolder.Open(Run, resume: false, overwrite: false));
        Assert.Contains("--resume", error.Hint);
        Assert.True(Directory.Exists(Path.Combine(Run, "adapter")));

        using var folder = RunFolder.Open(Run, resume: false, overwrite: true);
        Assert.True(File.Exists(Path.Combine(Run, "run.json")));
        Assert.False(folder.HoldsThisRun, "The run to be replaced passes for the new one.");

        folder.MakeRoom();
        Assert.False(File.Exists(Path.Combine(Run, "run.json")));
        Assert.False(Directory.Exists(Path.Combine(Run, "adapter")));
    }

    [Fact]
    public void A_directory_with_other_files_is_never_touched()
    {
        Directory.CreateDirectory(Run);
        File.WriteAllText(Path.Combine(Run, "thesis.doc"), "years of work");

        var error = Assert.Throws<InputException>(() => RunFolder.Open(Run, resume: false, overwrite: true));

        Assert.Contains("thesis.doc", error.Message);
        Assert.Equal("years of work", File.ReadAllText(Path.Combine(Run, "thesis.doc")));
        Assert.Equal("thesis.doc", Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(Run))));
    }

    [Fact]
    public void A_directory_made_for_a_run_that_never_began_goes_away()
    {
        RunFolder.Open(Run, resume: false, overwrite: false).Dispose();

        Assert.False(Directory.Exists(Run));
    }

    [Fact]
    public void What_a_killed_process_left_half_done_is_put_right()
    {
        Directory.CreateDirectory(Path.Combine(Run, "adapter.77.replaced.partial"));
        File.WriteAllText(Path.Combine(Run, "adapter.77.replaced.partial", "adapter_config.json"), "old");
        Directory.CreateDirectory(Path.Combine(Run, "adapter.77.partial"));
        Directory.CreateDirectory(Path.Combine(Run, "head"));
        File.WriteAllText(Path.Combine(Run, "head", "model.safetensors.77.partial"), "");
        Directory.CreateDirectory(Path.Combine(Run, "checkpoints", "last"));
        File.WriteAllText(Path.Combine(Run, "checkpoints", "last", "training-state.safetensors.77.partial"), "");
        File.WriteAllText(Path.Combine(Run, "run.json"), "{}");

        using var folder = RunFolder.Open(Run, resume: true, overwrite: false);

        Assert.False(Directory.Exists(Path.Combine(Run, "head")), "a folder without weights passes for a head.");
        Assert.Equal("old", File.ReadAllText(Path.Combine(Run, "adapter", "adapter_config.json")));
        Assert.Empty(Directory.GetFileSystemEntries(Run, "*.partial", SearchOption.AllDirectories));
    }

    [Fact]
    public void Going_on_deletes_nothing_behind_a_link_and_nothing_of_others()
    {
        var elsewhere = Path.Combine(_parent, "elsewhere");
        Directory.CreateDirectory(elsewhere);
        string[] theirs =
        [
            Path.Combine(elsewhere, "training-state.safetensors.77.partial"), Path.Combine(elsewhere, "download.partial"),
            Path.Combine(elsewhere, "events.out.tfevents.1.host.1.lora-train"),
        ];
        Directory.CreateDirectory(Path.Combine(Run, "checkpoints"));
        Directory.CreateDirectory(Path.Combine(Run, "adapter"));
        theirs = [.. theirs, Path.Combine(Run, "adapter", "notes.partial"), Path.Combine(Run, "checkpoints", "mine.txt")];
        foreach (var file in theirs)
        {
            File.WriteAllText(file, "theirs");
        }

        Directory.CreateSymbolicLink(Path.Combine(Run, "tensorboard"), elsewhere);
        Directory.CreateSymbolicLink(Path.Combine(Run, "checkpoints", "last"), elsewhere);
        File.WriteAllText(Path.Combine(Run, "run.json"), "{}");

        using (var folder = RunFolder.Open(Run, resume: true, overwrite: false))
        {
            new RunLog(folder, null, TimeProvider.System).Dispose();
        }

        using (var folder = RunFolder.Open(Run, resume: false, overwrite: true))
        {
            folder.MakeRoom();
        }

        Assert.All(theirs, file => Assert.True(File.Exists(file), $"{file} is gone."));
        Assert.False(File.Exists(Path.Combine(Run, "run.json")));
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_a_clear_error()
    {
        File.WriteAllText(Run, "a file");

        Assert.Contains("cannot be written", Assert.Throws<InputException>(() => RunFolder.Open(Path.Combine(Run, "deeper"), false, false)).Message);
    }
}
