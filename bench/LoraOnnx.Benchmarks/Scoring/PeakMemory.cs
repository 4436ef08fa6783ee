using System.Diagnostics;
using System.Globalization;

namespace LoraOnnx.Benchmarks.Scoring;

/// <summary>The largest resident memory of lora-score over short rows: it must not grow with them.</summary>
internal static class PeakMemory
{
    private static readonly string[] _words = ["the", "film", "was", "good", "bad", "awful", "great", "not", "plot", "slow", "music", "ending"];

    public static int Run(string program, string model, int[] counts)
    {
        foreach (var count in counts)
        {
            var folder = Directory.CreateTempSubdirectory("scoring-").FullName;
            try
            {
                var input = Path.Combine(folder, "rows.csv");
                Write(input, count);
                var clock = Stopwatch.StartNew();
                using var process = Process.Start(program, ["--model", model, "--in", input, "--out", Path.Combine(folder, "scored.parquet")]);
                var peak = 0L;
                while (!process.WaitForExit(TimeSpan.FromMilliseconds(100)))
                {
                    process.Refresh();
                    peak = process.PeakWorkingSet64 is > 0 and var now ? now : peak;
                }

                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{count:#,0} rows: exit {process.ExitCode}, {clock.Elapsed.TotalSeconds:0} s, at most {peak >> 20} MiB resident"));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    private static void Write(string path, int rows)
    {
        using var writer = File.CreateText(path);
        writer.Write("id,text,genre\n");
        var random = new Random(5);
        for (var row = 0; row < rows; row++)
        {
            writer.Write($"{row},{string.Join(' ', random.GetItems(_words, random.Next(1, 5)))},genre{row % 3}\n");
        }
    }
}
