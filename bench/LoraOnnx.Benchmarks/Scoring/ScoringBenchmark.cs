using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Benchmarks.Serving;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Scoring;

namespace LoraOnnx.Benchmarks.Scoring;

/// <summary>
/// A file scored by lora-score against the same texts, encoded before, run by the engine in the same sorted batches on the same threads: in turn, in
/// one process. What lora-score takes for a file of one row (loading the model) is taken off; reading, encoding, writing are in.
/// </summary>
internal static class ScoringBenchmark
{
    public const string Question = "What does lora-score add to the bare engine on sorted batches, and how much memory does a long file take?";

    public static int Run(string[] arguments)
    {
        if (arguments is ["memory", var program, var model, .. var counts])
        {
            return PeakMemory.Run(program, model, [.. counts.Select(count => int.Parse(count, CultureInfo.InvariantCulture))]);
        }

        var folder = Directory.CreateTempSubdirectory("scoring-").FullName;
        try
        {
            var directory = arguments is ["--model", var given, ..] ? given : Path.Combine(folder, "base");
            var numbers = arguments.SkipWhile(argument => !char.IsAsciiDigit(argument[0]))
                .Select(argument => int.Parse(argument, CultureInfo.InvariantCulture)).ToArray();
            if (directory.StartsWith(folder, StringComparison.Ordinal))
            {
                BaseSizeDirectory.Write(directory);
            }

            Compare(folder, directory, numbers.ElementAtOrDefault(0) is > 0 and var rows ? rows : 400,
                numbers.ElementAtOrDefault(1) is > 0 and var rounds ? rounds : 9);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Compare(string folder, string model, int rows, int rounds)
    {
        var (samples, threads) = (new SampleTexts(model, seed: 3), Environment.ProcessorCount);
        string[] texts = [.. Enumerable.Range(0, rows).Select(_ => samples.Mixed())];
        var (one, all) = (Write(folder, "one.csv", texts[..1]), Write(folder, "all.csv", texts));
        using var engine = TextClassifier.Load(model, new InferenceOptions { Device = ComputeDevice.Cpu, Threads = 1 });
        EncodedText[] encoded = [.. texts.Select(engine.Encode)];
        Cost Score(string file) => Cost.Of(() => ScoreRun.RunAsync(
            new ScoreOptions { Model = model, In = file, Out = Path.ChangeExtension(file, ".parquet"), Threads = threads }, CancellationToken.None)
            .GetAwaiter().GetResult());

        var pairs = new List<(Cost Program, Cost Engine)>();
        for (var round = 0; round <= rounds; round++) // the first compiles
        {
            var start = Score(one);
            var before = Cost.Of(() => Engine(engine, encoded, threads));
            var program = Score(all);
            var after = Cost.Of(() => Engine(engine, encoded, threads));
            pairs.Add((program - start, (before + after) / 2));
        }

        double[] wall = [.. pairs.Skip(1).Select(pair => pair.Engine.Wall / pair.Program.Wall).Order()];
        double[] processor = [.. pairs.Skip(1).Select(pair => pair.Engine.Processor / pair.Program.Processor).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows} texts, {encoded.Sum(text => (long)text.Ids.Length)} tokens, "
            + $"{threads} threads, {rounds} pairs: speed of lora-score / bare engine: {Middle(wall)}; by processor time: {Middle(processor)}"));
    }

    private static string Middle(double[] sorted) => string.Create(CultureInfo.InvariantCulture,
        $"{sorted[sorted.Length / 2]:0.000} ({sorted[sorted.Length / 4]:0.000} to {sorted[3 * sorted.Length / 4]:0.000})");

    private static void Engine(TextClassifier engine, EncodedText[] encoded, int threads) => Parallel.ForEach(
        Partitioner.Create(LengthSortedBatches.Of(encoded), EnumerablePartitionerOptions.NoBuffering),
        new ParallelOptions { MaxDegreeOfParallelism = threads },
        batch => engine.Run([.. batch.Select(place => encoded[place])], CancellationToken.None));

    private static string Write(string folder, string name, string[] texts)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllLines(path, ["id,text", .. texts.Select((text, row) => $"{row},{text}")]);
        return path;
    }

    /// <summary>Seconds on the wall, and of all cores together.</summary>
    private readonly record struct Cost(double Wall, double Processor)
    {
        public static Cost Of(Action work)
        {
            var (processor, clock) = (Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
            work();
            return new Cost(clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
        }

        public static Cost operator -(Cost left, Cost right) => new(left.Wall - right.Wall, left.Processor - right.Processor);

        public static Cost operator +(Cost left, Cost right) => new(left.Wall + right.Wall, left.Processor + right.Processor);

        public static Cost operator /(Cost cost, double by) => new(cost.Wall / by, cost.Processor / by);
    }
}
