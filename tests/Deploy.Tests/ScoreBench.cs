using System.Diagnostics;

namespace LoraOnnx.Deploy.Tests;

/// <summary>A file that lora-score scores in several parts of several chunks, and what one process makes of it; once for all tests.</summary>
public sealed class ScoreBench : IDisposable
{
    private const int Chunks = 12; // of 65,536 rows; three for each of four parts, so that a part can be stopped in its middle

    private static readonly string[] _words = ["the", "film", "was", "good", "bad", "awful", "great", "not", "plot", "slow", "music", "ending"];

    private readonly TemporaryFolder _folder = new();
    private readonly ServedModels _models = new();

    public ScoreBench()
    {
        using (var writer = File.CreateText(Input))
        {
            var random = new Random(5);
            writer.Write("id,text\n");
            for (var row = 0; row < (Chunks * 65_536) + 1000; row++)
            {
                writer.Write($"{row},{string.Join(' ', random.GetItems(_words, random.Next(1, 4)))}\n");
            }
        }

        var result = Command.Run(Program, ["--model", Model, "--in", Input, "--out", Expected], TimeSpan.FromMinutes(5));
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    public static string Program => Repository.Path("bin", "lora-score");

    public string Model => _models.Tiny;

    public string Input => Path.Combine(_folder.Path, "reviews.csv");

    /// <summary>What one process wrote.</summary>
    public string Expected => Path.Combine(_folder.Path, "expected.parquet");

    /// <summary>A folder for one test's output.</summary>
    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName;

    /// <summary>Waits until a part has a whole chunk in its journal, and more to do.</summary>
    public static void WaitForAChunk(string part, Func<bool> isOver)
    {
        var (journal, head, clock) = ($"{part}.journal.partial", 0L, Stopwatch.StartNew());
        while (head == 0 || LengthOf(journal) <= head)
        {
            Assert.False(isOver(), $"{part} came to its end");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(3), $"{part} has no chunk after three minutes");
            head = head == 0 ? LengthOf(journal) : head; // the first line says what is scored
            Thread.Yield();
        }
    }

    public void Dispose()
    {
        _folder.Dispose();
        _models.Dispose();
    }

    private static long LengthOf(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;
}
