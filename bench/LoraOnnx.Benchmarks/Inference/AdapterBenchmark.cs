using System.Diagnostics;
using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Families;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Benchmarks.Inference;

/// <summary>
/// What do a hundred adapters on one base cost against one merged model, and many heads against one? Both take turns batch by batch.
/// </summary>
internal static class AdapterBenchmark
{
    public const string Question = "a hundred adapters of rank 8 in mixed batches against one merged model: [PRECISION] [ROUNDS]";

    private const int Adapters = 100;
    private const int Heads = 32;

    /// <summary>How often all adapters are loaded again to see what they take.</summary>
    private const int Repeats = 5;

    /// <summary>Mean of the texts that wait when a batch leaves.</summary>
    private const double Arrivals = 8;

    private static readonly InferenceOptions _options = new() { Device = ComputeDevice.Cpu };
    private static readonly string _demo = Path.Combine(CheckoutRoot.Path, "models", "demo");

    public static int Run(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var precision = arguments.Length > 0 ? PrecisionName.Parse(arguments[0]) : Precision.Fp32;
        var rounds = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 1;
        var folder = Directory.CreateTempSubdirectory("adapter-bench-").FullName;
        try
        {
            Measure(folder, precision, rounds);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(string folder, Precision precision, int rounds)
    {
        var weights = BaseSizeModel.Weights();
        string[] adapters = [.. Enumerable.Range(0, Adapters).Select(number => WriteAdapter(Path.Combine(folder, $"a{number}"), number))];
        string[] heads = [.. Enumerable.Range(0, Heads).Select(number => WriteHead(Path.Combine(folder, $"h{number}"), number))];
        var (folded, _) = AdapterFold.Fold(weights, [(LoraAdapter.Load(adapters[0], weights.Config), 1)], 1);
        using var merged = TextClassifier.FromWeights(folded, _demo, _options, precision);
        using var shared = TextClassifier.FromWeights(weights, _demo, _options with { TakesAdapters = true }, precision);

        shared.LoadVariant(new VariantSource(adapters[0])).Dispose(); // compiled
        var started = Stopwatch.GetTimestamp();
        var loaded = adapters.Select(path => shared.LoadVariant(new VariantSource(path))).ToArray();
        var time = Stopwatch.GetElapsedTime(started) / Adapters;

        // The first hundred lie in memory that loading the base left free; what several hundred more take is what one takes.
        var before = Resident();
        var further = Enumerable.Range(0, Repeats).SelectMany(_ => adapters).Select(path => shared.LoadVariant(new VariantSource(path))).ToArray();
        var (grown, files) = (Resident() - before, adapters.Sum(path => new DirectoryInfo(path).EnumerateFiles().Sum(file => file.Length)) * Repeats);
        Console.WriteLine(
            $"{Adapters} adapters loaded in {time.TotalMilliseconds:F1} ms each; {further.Length} more: resident +{grown >> 20} MiB for files of "
            + $"{files >> 20} MiB ({(double)grown / files:F2} x)");
        Array.ForEach(further, variant => variant.Dispose());
        var ofHeads = heads.Select(path => shared.LoadVariant(new VariantSource(path, IsHead: true))).ToArray();

        Compare("mixed adapters / merged", rounds,
            (batch, _) => merged.Run(batch, CancellationToken.None),
            (batch, random) => shared.Run([.. batch.Select(text => new VariantText(text, loaded[random.Next(Adapters)]))], CancellationToken.None));
        Compare($"{Heads} heads / one", rounds,
            (batch, _) => shared.Run([.. batch.Select(text => new VariantText(text, ofHeads[0]))], CancellationToken.None),
            (batch, _) => shared.Run([.. batch.SelectMany(text => ofHeads.Select(head => new VariantText(text, head)))], CancellationToken.None));
        Compare("base that takes adapters / one that does not", rounds,
            (batch, _) => merged.Run(batch, CancellationToken.None),
            (batch, _) => shared.Run([.. batch.Select(text => new VariantText(text, null))], CancellationToken.None));
    }

    /// <summary>Tokens a second of the second over the first, over batches of film reviews that arrive at random.</summary>
    private static void Compare(string name, int rounds, Action<EncodedText[], Random> first, Action<EncodedText[], Random> second)
    {
        var random = new Random(1);
        var (wall, cpu) = (new double[2], new double[2]);
        long tokens = 0;
        for (var round = 0; round < rounds; round++)
        {
            var texts = new Queue<int[]>(ReviewLengths.Batches(1, BaseSizeModel.Config.Shape.Vocabulary, round + 1).Select(batch => batch[0]));
            while (texts.Count > 0)
            {
                EncodedText[] batch = [.. Enumerable.Range(0, Math.Min(texts.Count, Math.Max(1, Poisson(random)))).Select(_ => texts.Dequeue())
                    .Select(ids => new EncodedText(ids, ids.Length))];
                tokens += batch.Sum(text => text.Ids.Length);
                for (var turn = 0; turn < 2; turn++)
                {
                    var which = (turn + batch.Length) % 2; // who begins changes
                    var (started, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                    (which == 0 ? first : second)(batch, random);
                    wall[which] += Stopwatch.GetElapsedTime(started).TotalSeconds;
                    cpu[which] += (Environment.CpuUsage.TotalTime - before).TotalSeconds;
                }
            }
        }

        Console.WriteLine(
            $"{name}: {tokens / wall[1]:F0} / {tokens / wall[0]:F0} tokens/s = {wall[0] / wall[1]:F3}, by CPU time {cpu[0] / cpu[1]:F3}");
    }

    private static int Poisson(Random random)
    {
        var (count, product) = (0, random.NextDouble());
        for (var limit = Math.Exp(-Arrivals); product > limit; product *= random.NextDouble())
        {
            count++;
        }

        return count;
    }

    private static long Resident()
    {
        for (var time = 0; time < 3; time++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static string WriteAdapter(string path, int seed)
    {
        const int Rank = 8;
        var random = new Random(seed);
        var layout = BaseSizeModel.Config.Layout;
        var modules = layout.Blocks.SelectMany(block => (Model.Encoders.LinearLayout[])[block.Query, block.Key, block.Value]).Select(linear =>
            new LoraModule
            {
                Module = linear.Name,
                Scale = 2,
                A = Tensor($"base_model.model.{linear.Name}.lora_A.weight", [Rank, linear.In], random),
                B = Tensor($"base_model.model.{linear.Name}.lora_B.weight", [linear.Out, Rank], random),
            }).ToList();
        PeftAdapterWriter.Write(path, new LoraAdapter(modules, []), new PeftAdapterSettings
        {
            Family = DistilBert.Family,
            Rank = Rank,
            Alpha = 2 * Rank,
            Targets = ["q_lin", "k_lin", "v_lin"],
        });
        return path;
    }

    private static string WriteHead(string path, int seed)
    {
        Directory.CreateDirectory(path);
        var random = new Random(seed);
        SafetensorsWriter.Write(Path.Combine(path, Checkpoint.WeightsFileName),
            BaseSizeModel.Config.Layout.Head.Tensors.Select(spec => Tensor(spec.Key, spec.Shape, random)));
        return path;
    }

    private static NamedTensor Tensor(string name, IReadOnlyList<int> shape, Random random) =>
        new(name, shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (random.NextSingle() - 0.5f) / 50)]);
}
