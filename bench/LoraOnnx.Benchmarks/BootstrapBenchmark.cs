using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Benchmarks;

/// <summary>How long do the intervals of a comparison take? All twelve figures of every model, their differences, and the points of the reliability
/// curves.</summary>
internal static class BootstrapBenchmark
{
    public const string Question = "How long do 10,000 paired resamples of 25,000 texts take, for one to three models?";

    private const int Texts = 25_000;
    private const int Resamples = 10_000;
    private const int Repetitions = 3;
    private static readonly double[] _accuracies = [0.87, 0.9, 0.92];

    public static int Run(string[] arguments)
    {
        var random = new Random(1);
        var labels = Enumerable.Range(0, Texts).Select(_ => random.Next(2)).ToList();
        ScoredTexts[] models = [.. _accuracies.Select(accuracy => Scores(labels, accuracy, random))];
        foreach (var threads in new[] { 1, Environment.ProcessorCount }.Distinct())
        {
            for (var count = 1; count <= models.Length; count++)
            {
                // the first run compiles
                var times = Enumerable.Range(0, Repetitions + 1).Select(_ => Time(models[..count], threads)).Skip(1).OrderBy(time => time.Wall)
                    .ToList();
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{count} model(s), {threads} thread(s): {times[Repetitions / 2].Wall:0.00} s (median of {Repetitions}, {times[0].Wall:0.00} "
                        + $"to {times[^1].Wall:0.00}); processor time {times.Min(time => time.Processor):0.00} s"));
            }
        }

        return 0;
    }

    /// <summary>Seconds on the wall, and of all cores together: the latter says more on a busy machine.</summary>
    private static (double Wall, double Processor) Time(ScoredTexts[] models, int threads)
    {
        var processor = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        PairedBootstrap.Run(models, seed: 42, Resamples, threads, CancellationToken.None);
        return (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
    }

    /// <summary>A model that is right on this share of the texts, with scores as unequal as a trained model's.</summary>
    private static ScoredTexts Scores(List<int> labels, double accuracy, Random random)
    {
        var texts = new ScoredTexts(2, ProblemType.SingleLabel, Calibration.None);
        foreach (var label in labels)
        {
            var confidence = 0.5 + (0.5 * Math.Sqrt(random.NextDouble()));
            var positive = random.NextDouble() < accuracy == (label == 1) ? confidence : 1 - confidence;
            texts.Add([label], [1 - positive, positive]);
        }

        return texts;
    }
}
