using System.Diagnostics;

namespace LoraOnnx.Training.Tests.Runs;

/// <summary>A disk that is full or may not be written, in the middle of a real run: a clear error, the last good checkpoint intact, and the same bits
/// once there is room.</summary>
public sealed class BrokenDiskTests : IDisposable
{
    private readonly TinyTask _task = new();
    private readonly string _disk = Directory.CreateTempSubdirectory("disk-").FullName;
    private bool _isMounted;

    public void Dispose()
    {
        if (_isMounted)
        {
            Command.Run("umount", [_disk]);
        }

        Directory.Delete(_disk);
        _task.Dispose();
    }

    [Fact]
    public async Task A_disk_that_fills_up_stops_the_run_and_loses_nothing()
    {
        Mount("size=16m");
        string[] options = ["--epochs", "40", "--batch-size", "4", "--checkpoint-seconds", "0.01"];
        var reference = Path.Combine(_task.Folder, "reference");
        Assert.Equal(0, Command.Run(TrainProgram.Path, _task.Arguments(reference, options)).ExitCode);
        var run = Path.Combine(_disk, "run");
        var filler = Path.Combine(_disk, "filler");

        using (var process = Command.Start(TrainProgram.Path, _task.Arguments(run, options)))
        {
            _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            WaitFor(() => File.Exists(Path.Combine(run, "checkpoints", "last", "training-state.safetensors")), process);
            Fill(filler);
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "It did not end.");

            var error = await errors;
            Assert.True(process.ExitCode == 1, error);
            Assert.Matches("error: .*cannot be written: No space left on device[.]\n", error);
            Assert.Contains($"then go on with: lora-train --out {run} --resume", error, StringComparison.Ordinal);
        }

        File.Delete(filler);
        var resumed = Command.Run(TrainProgram.Path, ["--out", run, "--resume"]);
        Assert.True(resumed.ExitCode == 0, resumed.ToString());
        Assert.Equal(TinyTask.Metrics(reference), TinyTask.Metrics(run));
        Assert.Equal(File.ReadAllBytes(Path.Combine(reference, "adapter", "adapter_model.safetensors")),
            File.ReadAllBytes(Path.Combine(run, "adapter", "adapter_model.safetensors")));
        Assert.Empty(Directory.GetFileSystemEntries(run, "*.partial", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_disk_that_is_read_only_is_told_before_anything_is_computed()
    {
        Mount("ro");

        var result = Command.Run(TrainProgram.Path, _task.Arguments(Path.Combine(_disk, "run")));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("cannot be written: Read-only file system", result.Error, StringComparison.Ordinal);
        Assert.InRange(result.Error.TrimEnd().Split('\n').Length, 1, 3);
    }

    /// <summary>A right that cannot be installed, so REQUIRE_ALL does not demand it.</summary>
    private void Mount(string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "a small disk can be mounted by root on Linux only.");
        var mounted = Command.Run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", _disk]);
        Assert.SkipUnless(mounted.ExitCode == 0, $"a small disk cannot be mounted here: {mounted.Error}");
        _isMounted = true;
    }

    private static void Fill(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1);
            var block = new byte[4096];
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full: what was wanted.
        }
    }

    private static void WaitFor(Func<bool> condition, Process process)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.False(process.HasExited, "The run ended before it could be disturbed.");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "It did not happen within a minute.");
            Thread.Sleep(5);
        }
    }
}
