using System.Diagnostics;

namespace LoraOnnx.Training.Tests;

/// <summary>The promise of --resume, held by real processes: kill -9 at any moment, go on, and nothing shows that it ever happened.</summary>
public sealed class KilledRunTests
{
    private const int Kills = 12;

    [Theory]
    [InlineData("--method", "lora", "--epochs", "24")]
    [InlineData("--method", "lora+head", "--lora-epochs", "6", "--head-epochs", "12")]
    public void A_run_that_is_killed_again_and_again_ends_with_the_same_bits(params string[] method)
    {
        using var task = new TinyTask();
        var reference = Path.Combine(task.Folder, "reference");
        string[] options = [.. method, "--batch-size", "4", "--checkpoint-seconds", "0.01"];
        AssertSucceeded(Command.Run(TrainProgram.Path, task.Arguments(reference, options)));
        var random = new Random(Environment.TickCount);
        var lines = File.ReadAllLines(Path.Combine(reference, "metrics.jsonl")).Length;

        var killed = 0;
        for (var attempt = 0; attempt < 4 * Kills && killed < Kills; attempt++)
        {
            // Some are killed while they start, the others once they have got a little further.
            var byTime = killed % 4 == 0;
            if (Kill(task, options, byTime, byTime ? random.Next(1500) : random.Next(1, lines / Kills)))
            {
                killed++;
            }
            else
            {
                Directory.Delete(task.Run, recursive: true); // it was faster than the killer: from the start again
            }
        }

        Assert.Equal(Kills, killed);

        AssertSucceeded(Command.Run(TrainProgram.Path, ["--out", task.Run, "--resume"]));

        Assert.Equal(TinyTask.Metrics(reference), TinyTask.Metrics(task.Run));
        foreach (var file in Directory.EnumerateFiles(reference, "*.safetensors", SearchOption.AllDirectories))
        {
            if (!file.Contains("checkpoints", StringComparison.Ordinal))
            {
                Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(task.Run, Path.GetRelativePath(reference, file))));
            }
        }

        Assert.Equal(File.ReadAllText(Path.Combine(reference, "reference-logits.json")),
            File.ReadAllText(Path.Combine(task.Run, "reference-logits.json")));
    }

    /// <summary>Starts or resumes, and kills after so many milliseconds or so many further lines of metrics; false when the run ended
    /// first.</summary>
    private static bool Kill(TinyTask task, string[] options, bool byTime, int moment)
    {
        using var process = Command.Start(TrainProgram.Path, task.Arguments(task.Run, [.. options, "--resume"]));
        _ = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var metrics = Path.Combine(task.Run, "metrics.jsonl");
        var clock = Stopwatch.StartNew();
        var atStart = -1;
        while (!process.HasExited)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "A process hangs.");
            var lines = Lines(metrics);

            // Resuming cuts the file first: what counts is what this process adds.
            atStart = atStart < 0 || lines < atStart ? lines : atStart;
            if (byTime ? clock.ElapsedMilliseconds >= moment : lines - atStart >= moment)
            {
                process.Kill();
                process.WaitForExit();
                return true;
            }

            Thread.Sleep(1);
        }

        Assert.True(process.ExitCode == 0, $"The run ended by itself with {process.ExitCode}: {errors.GetAwaiter().GetResult()}");
        return false;
    }

    private static int Lines(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> buffer = stackalloc byte[1 << 14];
            var count = 0;
            for (int read; (read = stream.Read(buffer)) > 0;)
            {
                count += buffer[..read].Count((byte)'\n');
            }

            return count;
        }
        catch (IOException)
        {
            return 0; // not there yet
        }
    }

    private static void AssertSucceeded(CommandResult result) => Assert.True(result.ExitCode == 0, result.ToString());
}
