using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Benchmarks.Gpu;

/// <summary>What transformers and peft computed in fp32 (tests/golden), beside what a device computes.</summary>
internal static class GoldenParts
{
    private const double LogitTolerance = 2e-5;
    private const double ShareOfLoss = 1e-4;
    private const string Peft = "base_model.model."; // before its names of tensors

    private static readonly string _demo = Path.Combine(CheckoutRoot.Path, "models", "demo");

    /// <summary>Logits by a training engine.</summary>
    public static JsonObject Logits(string engine, GpuSetting setting)
    {
        using var encoder = TrainingParts.Engine(engine, setting.Device).Encoder(Weights(), null, BasePrecision.Fp32);
        return Compared(setting, texts => [.. texts.SelectMany(text => encoder.Logits(new PackedBatch([text])))]);
    }

    /// <summary>Logits as they are served.</summary>
    public static JsonObject ServedLogits(GpuSetting setting)
    {
        using var classifier = TextClassifier.Load(GpuParts.Directory(setting with { IsShort = true }),
            new InferenceOptions { Device = setting.Device, Precision = PrecisionRule.Of(Precision.Fp32) });
        return Compared(setting, texts => [.. texts.SelectMany(text => classifier.Run([text], CancellationToken.None))]);
    }

    /// <summary>24 steps of LoRA; two in a short run.</summary>
    public static JsonObject Trajectory(string engineName, GpuSetting setting)
    {
        var folder = Path.Combine(Golden, "trajectories", "lora");
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        var (expected, weights, tokenizer) = (json.RootElement, Weights(), TextTokenizer.Load(_demo));
        var plan = new AdapterPlan
        {
            Modules = AdapterTargets.Modules(weights.Config.Layout,
                [.. expected.GetProperty("targets").EnumerateArray().Select(target => target.GetString()!)], headIsTrained: false), // names
            Rank = expected.GetProperty("rank").GetInt32(),
            Alpha = expected.GetProperty("alpha").GetDouble(),
        };
        using var file = SafetensorsFile.Open(Path.Combine(folder, "initial.safetensors"));
        var options = new LearnerOptions { BodyDropout = false };
        var engine = TrainingParts.Engine(engineName, setting.Device);
        using var learner = engine.Adapters(weights, plan, options);
        learner.Restore(new LearnerState(0, [.. learner.Save().Tensors.Select(tensor => file.Names.Contains(Peft + tensor.Name)
            ? new NamedTensor(tensor.Name, tensor.Shape, file.Read(Peft + tensor.Name).Values) : tensor)]));
        var (loss, norm) = (0.0, 0.0);
        foreach (var (step, batch) in expected.GetProperty("batches").EnumerateArray().Index().Take(setting.IsShort ? 2 : int.MaxValue))
        {
            var rows = batch.EnumerateArray().ToList();
            var rate = expected.GetProperty("learning_rates")[step].GetDouble();
            var result = learner.Step([new PackedBatch(
                [.. rows.Select(row => tokenizer.Encode(row.GetProperty("text").GetString()!, 128, Truncation.Head))], // a text
                [.. rows.Select(row => (IReadOnlyList<int>)[row.GetProperty("label").GetInt32()])])], new LearningRates(rate, rate));
            loss = Math.Max(loss, Share(result.Loss, expected.GetProperty("losses")[step]));
            norm = Math.Max(norm, Share(result.GradientNorm, expected.GetProperty("gradient_norms_before_clipping")[step]));
        }

        return new JsonObject { ["largest_share_of_loss"] = loss, ["largest_share_of_norm"] = norm, ["holds"] = Math.Max(loss, norm) <= ShareOfLoss };
    }

    private static string Golden => Path.Combine(CheckoutRoot.Path, "tests", "golden");

    private static ModelWeights Weights() => Checkpoint.Open(_demo).LoadWeights();

    private static double Share(float ours, JsonElement theirs) => Math.Abs(ours - theirs.GetDouble()) / Math.Abs(theirs.GetDouble());

    private static JsonObject Compared(GpuSetting setting, Func<EncodedText[], float[][]> run)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Golden, "logits.json")));
        var cases = json.RootElement.GetProperty("cases").EnumerateArray().Take(setting.IsShort ? 5 : int.MaxValue).ToList();
        var tokenizer = TextTokenizer.Load(_demo);
        var ours = run([.. cases.Select(item => tokenizer.Encode(item.GetProperty("text").GetString()!, 512, Truncation.Head))]); // a text
        var largest = cases.SelectMany(item => item.GetProperty("logits").EnumerateArray()).Zip(ours.SelectMany(row => row))
            .Max(pair => Math.Abs(pair.First.GetDouble() - pair.Second));
        return new JsonObject { ["texts"] = cases.Count, ["largest_difference"] = largest, ["holds"] = largest <= LogitTolerance };
    }
}
