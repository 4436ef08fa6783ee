using System.Diagnostics;
using System.Text.Json.Nodes;
using LoraOnnx.Benchmarks.Serving;
using LoraOnnx.Client;
using LoraOnnx.Inference;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Benchmarks.Gpu;

/// <summary>The parts of a day on a GPU, in the order of what is wanted most.</summary>
internal static class GpuParts
{
    private static readonly string _demo = Path.Combine(CheckoutRoot.Path, "models", "demo");

    /// <summary>What of run.json is told.</summary>
    private static readonly string[] _ofARun =
        ["engine", "device", "precision", "training_seconds", "start_up_seconds", "trained_tokens", "peak_memory_bytes", "validation"];

    public static readonly IReadOnlyDictionary<string, Func<GpuSetting, JsonObject>> All = new OrderedDictionary<string, Func<GpuSetting, JsonObject>>
    {
        ["golden-torch"] = setting => GoldenParts.Logits("torch", setting),
        ["golden-onnx"] = setting => GoldenParts.Logits("onnx", setting),
        ["golden-served"] = GoldenParts.ServedLogits,
        ["trajectory-torch"] = setting => GoldenParts.Trajectory("torch", setting),
        ["trajectory-onnx"] = setting => GoldenParts.Trajectory("onnx", setting),
        ["lora-fp32"] = setting => TrainingParts.Lora(setting, BasePrecision.Fp32),
        ["lora-tf32"] = setting => TrainingParts.Lora(setting, BasePrecision.Tf32),
        ["lora-bf16"] = setting => TrainingParts.Lora(setting, BasePrecision.Bf16),
        ["head"] = TrainingParts.Head,
        ["inference-fp32"] = setting => Inference(setting, "fp32"),
        ["inference-fp16"] = setting => Inference(setting, "fp16"),
        ["serving"] = Serving,
        ["lora-train"] = setting => Program(setting, "--method", "lora", "--engine", "torch", "--epochs", "1"),
        ["lora-train-head"] = setting => Program(setting, "--method", "head", "--engine", "torch", "--epochs", "15"),
        ["lora-train-onnx"] = setting => Program(setting, "--method", "head", "--engine", "onnx", "--epochs", "15"),
    };

    /// <summary>Weights to measure with: of base size, or in a short run models/demo's.</summary>
    public static ModelWeights Weights(GpuSetting setting) => setting.IsShort ? Checkpoint.Open(_demo).LoadWeights() : BaseSizeModel.Weights();

    /// <summary>How long a measurement takes.</summary>
    public static double Seconds(GpuSetting setting) => setting.IsShort ? 0.5 : 20;

    /// <summary>Texts in a batch.</summary>
    public static int BatchTexts(GpuSetting setting) => setting.IsShort ? 2 : 32;

    private static JsonObject Inference(GpuSetting setting, string precision)
    {
        using var classifier = TextClassifier.Load(Directory(setting),
            new InferenceOptions { Device = setting.Device, Precision = PrecisionRule.Parse(precision) });
        var batches = Benchmarks.Inference.ReviewLengths.Batches(BatchTexts(setting), 8000, seed: 1)
            .Select(batch => Array.ConvertAll(batch, ids => new EncodedText(ids, ids.Length))).ToList();
        var (tokens, seconds) = Timed(setting, place =>
        {
            var batch = batches[place % batches.Count];
            classifier.Run(batch, CancellationToken.None);
            return batch.Sum(text => text.Ids.Length);
        });
        return new JsonObject { ["tokens_per_second"] = Math.Round(tokens / seconds) };
    }

    private static JsonObject Serving(GpuSetting setting) => ServingAsync(setting).GetAwaiter().GetResult(); // parts are synchronous

    private static async Task<JsonObject> ServingAsync(GpuSetting setting)
    {
        var model = Directory(setting);
        using var server = ServerUnderTest.Start(model, device: EnumNames.Of(setting.Device));
        using var client = new SentimentClient(server.Address, new SentimentClientOptions { Timeout = TimeSpan.FromMinutes(1) });
        var load = await LoadGenerator.ClosedAsync(client, setting.IsShort ? 2 : 64, TimeSpan.FromSeconds(setting.IsShort ? 0.2 : 5),
            TimeSpan.FromSeconds(Seconds(setting)), new SampleTexts(model, seed: 1).Mixed);
        return new JsonObject
        {
            ["tokens_per_second"] = Math.Round(load.TokensPerSecond),
            ["texts_per_second"] = Math.Round(load.TextsPerSecond, 1),
            ["p50_ms"] = Math.Round(Figures.Median(load.Milliseconds), 1),
            ["p99_ms"] = Math.Round(Figures.Percentile(load.Milliseconds, 0.99), 1),
            ["refused"] = load.Refused,
            ["failed"] = load.Failed,
            ["first_failure"] = load.FirstFailure,
            ["generator_cores"] = Math.Round(load.GeneratorCores, 2),
            ["resident_mib"] = server.ResidentBytes >> 20,
            ["holds"] = load.Failed == 0 && load.Answered > 0,
        };
    }

    /// <summary>The program itself on models/demo and the sample reviews.</summary>
    private static JsonObject Program(GpuSetting setting, params string[] arguments)
    {
        var run = System.IO.Directory.CreateTempSubdirectory("gpu-run").FullName;
        string Reviews(string set) => Path.Combine(CheckoutRoot.Path, "samples", "reviews", $"{set}.jsonl");
        string[] all = [.. arguments, "--model", _demo, "--device", EnumNames.Of(setting.Device),
            "--train", Reviews(setting.IsShort ? "validation" : "train"),
            "--validation", setting.IsShort ? "0.5" : Reviews("validation"), "--out", Path.Combine(run, "run")];
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(CheckoutRoot.Path, "bin", "lora-train"), all)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!; // a path gives a process
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"lora-train {string.Join(' ', all)} ended with {process.ExitCode}: {errors.GetAwaiter().GetResult()}");
        }

        var record = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "run", "run.json")))!; // a finished run has one
        System.IO.Directory.Delete(run, recursive: true);
        return new JsonObject([.. _ofARun.Select(name => KeyValuePair.Create(name, record[name]?.DeepClone()))]);
    }

    /// <summary>An ONNX directory to serve: of base size, or in a short run models/demo's.</summary>
    public static string Directory(GpuSetting setting)
    {
        var directory = Path.Combine(Path.GetTempPath(), setting.IsShort ? "lora-onnx-demo-size" : "lora-onnx-base-size");
        BaseSizeDirectory.Write(directory, setting.IsShort ? Weights(setting) : null);
        return directory;
    }

    /// <summary>What is done again and again, after twice that are not counted.</summary>
    public static (long Tokens, double Seconds) Timed(GpuSetting setting, Func<int, int> work)
    {
        work(0);
        work(1);
        var (clock, tokens) = (Stopwatch.StartNew(), 0L);
        for (var place = 2; clock.Elapsed.TotalSeconds < Seconds(setting); place++)
        {
            tokens += work(place);
        }

        return (tokens, clock.Elapsed.TotalSeconds);
    }
}
