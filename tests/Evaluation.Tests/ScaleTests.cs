using System.Diagnostics;
using LoraOnnx.Evaluation.Models;
using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Tests.Support;
using LoraOnnx.Texts;

namespace LoraOnnx.Evaluation.Tests;

public sealed class ScaleTests : IDisposable
{
    private const int Few = 3_000;
    private const int Many = 25_000;

    /// <summary>
    /// What resident memory may grow by from the few texts to the many: a few numbers a text, and what the garbage collector is late with. The 22,000
    /// texts more are 28 MB on disk and 57 MB in memory.
    /// </summary>
    private const long MostGrowth = 32 << 20;

    private readonly TinyModel _model = new(new TinyModelOptions { Layers = 1, Positions = 8 });

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Reviews_as_long_as_IMDBs_stream_through_the_program_in_constant_memory()
    {
        var (few, many) = (TinyTexts.WriteReviews(_model.Folder, Few), TinyTexts.WriteReviews(_model.Folder, Many));

        var (small, large) = (PeakMemory(few), PeakMemory(many));

        TestContext.Current.TestOutputHelper?.WriteLine($"{Few} texts: {small >> 20} MiB, {Many} texts: {large >> 20} MiB");
        Assert.True(new FileInfo(many).Length > Many * 1_300L, $"the texts have {new FileInfo(many).Length} bytes, too few to show anything");
        Assert.True(large - small < MostGrowth,
            $"{Few} texts took {small >> 20} MiB, {Many} took {large >> 20} MiB, expected less than {MostGrowth >> 20} MiB more");
    }

    [Fact]
    public async Task The_share_that_is_done_rises_to_one()
    {
        var texts = TestTexts.Scan(TinyTexts.WriteReviews(_model.Folder, 1_000), new TextOptions(), _model.Config.Task,
            TestContext.Current.CancellationToken);
        var loader = new ModelLoader(new CompareOptions { Models = [], Data = texts.Path });
        using var scored = await loader.LoadAsync(new ModelArgument("tiny", _model.Checkpoint), TestContext.Current.CancellationToken);
        var progress = new Shares();

        await new ScoringPass([scored], [], Environment.ProcessorCount).RunAsync(texts, progress, TestContext.Current.CancellationToken);

        Assert.True(progress.Seen.Count > 3, $"only {progress.Seen.Count} steps");
        Assert.Equal(1, progress.Seen[^1], 1e-9);
        Assert.Equal(progress.Seen.Order(), progress.Seen);
    }

    /// <summary>The most that lora-compare ever has resident while it compares two models, in bytes.</summary>
    private long PeakMemory(string data)
    {
        var peak = 0L;
        using var process = Command.Start(
            Repository.Path("bin", "lora-compare"),
            [$"raw={_model.Checkpoint}", $"same={_model.Checkpoint}", "--data", data, "--resamples", "1000", "--json"]);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var clock = Stopwatch.StartNew();
        while (!process.WaitForExit(TimeSpan.FromMilliseconds(20)))
        {
            peak = Math.Max(peak, PeakSoFar(process)); // kept by the system: samples miss at most the last moments
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(5), "lora-compare does not end");
        }

        Assert.True(process.ExitCode == 0, error.GetAwaiter().GetResult());
        Assert.Contains("\"texts\": ", output.GetAwaiter().GetResult(), StringComparison.Ordinal);
        return peak;
    }

    private static long PeakSoFar(Process process)
    {
        try
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
        catch (InvalidOperationException) when (process.HasExited)
        {
            return 0; // it ended just now; the sample before stands
        }
    }

    private sealed class Shares : IProgress<ScoringStep>
    {
        public List<double> Seen { get; } = [];

        public void Report(ScoringStep value) => Seen.Add(value.Share);
    }
}
