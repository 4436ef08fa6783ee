using System.Diagnostics;
using LoraOnnx.Scoring.Input;

namespace LoraOnnx.Scoring.Tests;

/// <summary>Runs that are ended from outside, and go on.</summary>
public sealed class KilledRunTests : IDisposable
{
    private const int Kills = 20;

    private static readonly string _program = Repository.Path("bin", "lora-score");

    private readonly Workbench _bench = new(new TinyModelOptions { Layers = 1, Width = 8, Inner = 8, Heads = 2 });

    public void Dispose() => _bench.Dispose();

    /// <summary>Each process is killed after a random time, at most that of a whole run; the next goes on.</summary>
    [Theory]
    [InlineData("csv")]
    [InlineData("parquet")]
    public async Task Twenty_kills_at_random_moments_change_no_byte(string format)
    {
        var input = _bench.Rows("rows.csv", (4 * Chunk.Rows) + 1000);
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, Command.Run(_program, Arguments(input, _bench.At($"whole.{format}"))).ExitCode);
        var whole = clock.Elapsed;
        var (expected, target, random) = (File.ReadAllBytes(_bench.At($"whole.{format}")), _bench.At($"killed.{format}"), new Random(7));

        var wentOn = 0;
        for (var kill = 0; kill < Kills / 2; kill++)
        {
            using var process = Command.Start(_program, Arguments(input, target));
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            process.WaitForExit(whole * random.NextDouble());
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            wentOn += (await errors).Contains("goes on behind", StringComparison.Ordinal) ? 1 : 0;
            Assert.True(!File.Exists(target) || File.ReadAllBytes(target).AsSpan().SequenceEqual(expected));
        }

        var last = Command.Run(_program, Arguments(input, target));
        Assert.True(last.ExitCode == 0, $"{last}");
        Assert.Equal(expected, File.ReadAllBytes(target));
        Assert.True(wentOn > 0, "no run went on where one was killed");
        Assert.Empty(Directory.GetFiles(_bench.At(""), "*.partial"));
    }

    [Fact]
    public void A_line_of_the_journal_that_was_cut_counts_for_nothing()
    {
        var input = _bench.Rows("rows.csv", 4 * Chunk.Rows);
        var target = _bench.At("a.csv");
        var expected = _bench.Score(input, "whole.csv");
        Interrupt(input, target);
        File.AppendAllText(Output.Journal.LinesPath(target), "{\"End\":99999999,\"Tot");
        File.AppendAllText(Output.Journal.DataPath(target), "half a row");

        Assert.Equal(expected, _bench.Score(input, "a.csv"));
    }

    [Fact]
    public void Another_model_or_input_does_not_go_on_and_may_begin_anew()
    {
        var input = _bench.Rows("rows.csv", 4 * Chunk.Rows);
        Interrupt(input, _bench.At("a.csv"));
        File.AppendAllText(input, "x,good,y\n");

        var failure = _bench.Refuses(input, "a.csv");

        Assert.Contains("was left by a run with another input", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--restart", failure.Hint, StringComparison.Ordinal);
        Assert.Equal(_bench.Score(input, "whole.csv"), _bench.Score(input, "a.csv", options => options with { Restart = true }));
    }

    [Fact]
    public void Two_processes_do_not_write_one_file()
    {
        _bench.Write("a.csv", "text\ngood\n");
        using var held = new FileStream(Output.Journal.LinesPath(_bench.At("b.csv")), FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        Assert.Contains("another process is writing it", _bench.Refuses("a.csv", "b.csv").Message, StringComparison.Ordinal);
    }

    private string[] Arguments(string input, string target) => ["--model", _bench.Model, "--in", input, "--out", target, "--threads", "1"];

    /// <summary>A run that was stopped behind its first chunk.</summary>
    private void Interrupt(string input, string target)
    {
        using var process = Command.Start(_program, Arguments(input, target));
        _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var lines = Output.Journal.LinesPath(target);
        var head = 0L; // the journal's first line; more than it is a chunk
        while (!process.HasExited && (head == 0 || Length(lines) <= head))
        {
            head = head == 0 ? Length(lines) : head;
            Thread.Yield();
        }

        process.Kill();
        process.WaitForExit();
        Assert.True(File.Exists(lines), "the run came to its end");
    }

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;
}
