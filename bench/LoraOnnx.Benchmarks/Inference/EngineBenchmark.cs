using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Texts;

namespace LoraOnnx.Benchmarks.Inference;

/// <summary>How many real tokens a second does the packed engine read, against the same weights as a padded portable graph in batches of 8? All take
/// turns batch by batch, after a round that is not counted; of a larger batch the portable graph reads eight texts at a time.</summary>
internal static class EngineBenchmark
{
    public const string Question =
        "the packed engine, exact and in fewer bits, against the padded graph: "
        + "speed base|demo [ROUNDS] [--batch N] | table base|demo | agreement FILE | soak [SECONDS]";

    /// <summary>The padded graph's batch, with which everything is compared.</summary>
    private const int PaddedBatch = 8;

    /// <summary>What the last layer for [CLS] only saves: five sixths of one layer in six.</summary>
    private const double LastLayerGain = 1.16;

    private static readonly InferenceOptions _options = new() { Device = ComputeDevice.Cpu };

    private static readonly string _demo = Path.Combine(CheckoutRoot.Path, "models", "demo");

    public static int Run(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        switch (arguments)
        {
            case ["speed", "base" or "demo", ..]:
                var weights = arguments[1] == "demo" ? Demo() : BaseSizeModel.Weights();
                var at = Array.IndexOf(arguments, "--batch");
                foreach (var batchSize in at > 0 ? [int.Parse(arguments[at + 1], CultureInfo.InvariantCulture)] : (int[])[8, 32])
                {
                    Speed(weights, batchSize, arguments.Length > 2 && int.TryParse(arguments[2], out var rounds) ? rounds : 3);
                }

                return 0;
            case ["table", "base" or "demo"]:
                using (var table = new PrecisionTable(arguments[1] == "demo" ? Demo() : BaseSizeModel.Weights(), _demo))
                {
                    table.Print();
                }

                return 0;
            case ["agreement", var file]:
                Agreement(file);
                return 0;
            case ["soak", ..]:
                Soak(TimeSpan.FromSeconds(arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 600));
                return 0;
            default:
                Console.Error.WriteLine(Question);
                return 1;
        }
    }

    private static void Speed(ModelWeights weights, int batchSize, int rounds)
    {
        var path = Path.Combine(Path.GetTempPath(), $"engine-{Environment.ProcessId}.onnx");
        using (var file = File.Create(path))
        {
            OnnxModelFile.Write(file, weights, OnnxModelFile.DefaultOpset, []);
        }

        using var portable = PortableModel.Open(path, _options);
        File.Delete(path);
        using var exact = TextClassifier.FromWeights(weights, _demo, _options);
        using var int8 = TextClassifier.FromWeights(weights, _demo, _options, Precision.Int8);
        using var dynamic = TextClassifier.FromWeights(weights, _demo, _options, Precision.Int8Dynamic);
        using var bf16 = TextClassifier.FromWeights(weights, _demo, _options, Precision.Bf16);
        var (plan, share) = PrecisionTable.SomeInBf16(weights.Config.Layout);
        using var some = TextClassifier.FromWeights(weights, _demo, _options, Precision.Int8Dynamic, plan);
        (string Name, Action<int[][]> Run)[] engines =
        [
            ($"portable, padded in batches of {PaddedBatch}", batch => Array.ForEach([.. batch.Chunk(PaddedBatch)], RunPortable)),
            ("packed fp32", batch => exact.Run(Encoded(batch), CancellationToken.None)),
            ("packed bf16", batch => bf16.Run(Encoded(batch), CancellationToken.None)),
            ("packed int8", batch => int8.Run(Encoded(batch), CancellationToken.None)),
            ("packed int8-dynamic", batch => dynamic.Run(Encoded(batch), CancellationToken.None)),
            ($"packed int8-dynamic, {share:P0} in bf16", batch => some.Run(Encoded(batch), CancellationToken.None)),
            .. batchSize == PaddedBatch
                ? (ReadOnlySpan<(string, Action<int[][]>)>)[]
                : [($"portable, padded in batches of {batchSize}", RunPortable)],
        ];
        void RunPortable(int[][] batch) => portable.Run(batch, CancellationToken.None);

        var vocabulary = Math.Min(8000, weights.Config.Shape.Vocabulary);
        foreach (var batch in ReviewLengths.Batches(batchSize, vocabulary, 0)) // first touches of memory are no engine's speed
        {
            Array.ForEach(engines, engine => engine.Run(batch));
        }

        var (wall, cpu) = (new double[engines.Length], new double[engines.Length]);
        long real = 0, padded = 0;
        for (var round = 0; round < rounds; round++)
        {
            foreach (var batch in ReviewLengths.Batches(batchSize, vocabulary, round))
            {
                real += batch.Sum(ids => ids.Length);
                padded += batch.Chunk(PaddedBatch).Sum(few => few.Length * few.Max(ids => ids.Length));
                for (var engine = 0; engine < engines.Length; engine++)
                {
                    var (started, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                    engines[engine].Run(batch);
                    wall[engine] += Stopwatch.GetElapsedTime(started).TotalSeconds;
                    cpu[engine] += (Environment.CpuUsage.TotalTime - before).TotalSeconds;
                }
            }
        }

        var limit = LastLayerGain * padded / real;
        Console.WriteLine($"width {weights.Config.Shape.Width}, batches of {batchSize}, {real} real tokens, {padded} padded; padded / real x "
            + $"{LastLayerGain} = {limit:F2}");
        for (var engine = 0; engine < engines.Length; engine++)
        {
            var (byWall, byCpu) = (wall[0] / wall[engine], cpu[0] / cpu[engine]);
            Console.WriteLine($"{engines[engine].Name,-36} {real / wall[engine],7:F0} tokens/s  {byWall:F2}x ({byWall / limit:P0} of the limit)  "
                + $"by CPU time {byCpu:F2}x ({byCpu / limit:P0})");
        }
    }

    /// <summary>Labels and F1 in 8 bits against fp32 on labelled texts.</summary>
    private static void Agreement(string file)
    {
        var weights = Demo();
        using var exact = TextClassifier.FromWeights(weights, _demo, _options);
        var labelled = LabelledTexts.ReadAll(file, weights.Config.Task);
        EncodedText[] texts = [.. labelled.Select(text => exact.Encode(text.Text))];
        foreach (var (precision, usesKernels) in
            from precision in (Precision[])[Precision.Bf16, Precision.Int8, Precision.Int8Dynamic]
            from usesKernels in (bool[])[true, false]
            where usesKernels || precision != Precision.Bf16
            select (precision, usesKernels))
        {
            using var candidate = TextClassifier.FromWeights(weights, _demo, _options with { UsesKernels = usesKernels }, precision);
            var report = AccuracyGate.Measure(
                precision, exact.Run, candidate.Run, texts, [.. labelled.Select(text => text.Labels)], weights.Config.Task, CancellationToken.None);
            Console.WriteLine($"{EnumNames.Of(precision)}{(usesKernels ? "" : ", nodes")}: {report}");
        }
    }

    /// <summary>Resident memory while batches of all sizes and lengths pass: growth a minute after the first fifth.</summary>
    private static void Soak(TimeSpan length)
    {
        var weights = Demo();
        using var exact = TextClassifier.FromWeights(weights, _demo, _options);
        var (random, started, next) = (new Random(1), Stopwatch.GetTimestamp(), TimeSpan.Zero);
        var samples = new List<(double Minutes, double Mebibytes)>();
        for (var elapsed = TimeSpan.Zero; elapsed < length; elapsed = Stopwatch.GetElapsedTime(started))
        {
            exact.Run(Encoded([.. ReviewLengths.Batches(random.Next(1, 33), 8000, random.Next()).First()]), CancellationToken.None);
            if (elapsed >= next)
            {
                samples.Add((elapsed.TotalMinutes, Environment.WorkingSet / 1048576.0));
                next += length / 40;
            }
        }

        var steady = samples.Skip(samples.Count / 5).ToList();
        Console.WriteLine($"resident {steady[0].Mebibytes:F0} MiB after {steady[0].Minutes:F1} minutes, {steady[^1].Mebibytes:F0} MiB after "
            + $"{steady[^1].Minutes:F1}; {Serving.ServingBenchmark.Slope(steady):F2} MiB a minute");
    }

    private static ModelWeights Demo() => Checkpoint.Open(_demo).LoadWeights();

    private static EncodedText[] Encoded(int[][] batch) => Array.ConvertAll(batch, ids => new EncodedText(ids, ids.Length));
}
