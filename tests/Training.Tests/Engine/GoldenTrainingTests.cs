using System.Text.Json;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>The engine against values that transformers and peft computed in fp32.</summary>
public sealed class GoldenTrainingTests
{
    private static readonly Lazy<ModelWeights> _weights = new(() => Checkpoint.Open(Golden.DemoModel).LoadWeights());
    private static readonly Lazy<TextTokenizer> _tokenizer = new(() => TextTokenizer.Load(Golden.DemoModel));

    public GoldenTrainingTests() => NativeTorch.Prepare(null);

    public static TheoryData<string> AllEngines => [.. Engines.All];

    public static MatrixTheoryData<string, string> Trajectories => new(["lora", "head", "lora-and-head"], Engines.All);

    [Theory]
    [MemberData(nameof(AllEngines))]
    public void Logits_of_the_demo_model_are_those_of_transformers(string name)
    {
        // The summation order differs from eager attention's: 2e-5 at logits of up to 5.
        const double Tolerance = 2e-5;
        using var json = JsonDocument.Parse(File.ReadAllText(Golden.Path("logits.json")));
        var cases = json.RootElement.GetProperty("cases").EnumerateArray()
            .Select(item => (Text: item.GetProperty("text").GetString()!, Logits: Floats(item.GetProperty("logits")))).ToList();
        using var engine = Engines.Encoder(name, _weights.Value);

        var together = engine.Logits(new PackedBatch([.. cases.Select(item => Encode(item.Text, 512))]));
        var alone = cases.ConvertAll(item => engine.Logits(new PackedBatch([Encode(item.Text, 512)]))[0]);

        AssertClose("in one batch", cases.SelectMany(item => item.Logits), together.SelectMany(row => row), Tolerance);
        AssertClose("alone", cases.SelectMany(item => item.Logits), alone.SelectMany(row => row), Tolerance);
    }

    [Theory]
    [MemberData(nameof(Trajectories))]
    public void Training_follows_the_trajectory_of_peft(string name, string engineName)
    {
        var (adapters, head) = (name != "head", name != "lora");
        const double Relative = 1e-4; // of losses and gradient norms, and as much as a hundredth of it beside
        const double WeightShare = 1e-2; // ‖ours - theirs‖ of each tensor, as a share of the way it went, ‖theirs - initial‖
        using var json = JsonDocument.Parse(File.ReadAllText(Golden.Path("trajectories", name, "expected.json")));
        var expected = json.RootElement;
        var initial = Read(Golden.Path("trajectories", name, "initial.safetensors"));
        var plan = adapters ? Plan(expected) : Learners.NoAdapters;
        var options = new LearnerOptions { TrainHead = head, BodyDropout = false };
        using var engine = Engines.Adapters(engineName, _weights.Value, plan, options, adapters ? Adapter(plan, initial) : null);

        var losses = new List<float>();
        var norms = new List<float>();
        foreach (var (batch, rate) in expected.GetProperty("batches").EnumerateArray().Zip(expected.GetProperty("learning_rates").EnumerateArray()))
        {
            var rows = batch.EnumerateArray().ToList();
            var packed = new PackedBatch([.. rows.Select(row => Encode(row.GetProperty("text").GetString()!, 128))],
                [.. rows.Select(row => (IReadOnlyList<int>)[row.GetProperty("label").GetInt32()])]);
            var result = engine.Step([packed], rate.GetDouble());
            losses.Add(result.Loss);
            norms.Add(result.GradientNorm);
        }

        var lossExcess = LargestShare(Floats(expected.GetProperty("losses")), losses, Relative);
        var normExcess = LargestShare(Floats(expected.GetProperty("gradient_norms_before_clipping")), norms, Relative);
        var final = Read(Golden.Path("trajectories", name, "final.safetensors"));
        var (key, share) = Trained(engine, adapters, head)
            .Select(item =>
                (item.Key, Share: Distance(item.Tensor.Values, final[item.Key].Values) / Distance(final[item.Key].Values, initial[item.Key].Values)))
            .MaxBy(item => item.Share);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: of what is allowed, losses differ by {lossExcess:p1}, gradient norms by "
            + $"{normExcess:p1}; furthest off is {key}, {share:g3} of its way (allowed {WeightShare:g3}).");
        Assert.True(lossExcess <= 1 && normExcess <= 1,
            $"losses differ by {lossExcess:g4} times, gradient norms by {normExcess:g4} times what is allowed.");
        Assert.True(share <= WeightShare, $"{key} is off by {share:g4} of the way it went, allowed {WeightShare:g4}.");
    }

    [Theory]
    [MemberData(nameof(AllEngines))]
    public void A_step_in_parts_has_the_gradient_of_the_whole_step(string engine)
    {
        EncodedText[] texts = [Encode("a fine film.", 64), Encode("a bad film, and a very long one too.", 64), Encode("nothing happens.", 64)];
        IReadOnlyList<int>[] labels = [[1], [0], [0]];
        var options = new LearnerOptions { TrainHead = true, BodyDropout = false };
        using var whole = Engines.Adapters(engine, _weights.Value, Learners.NoAdapters, options);
        using var parts = Engines.Adapters(engine, _weights.Value, Learners.NoAdapters, options);

        var expected = whole.Step([new PackedBatch(texts, labels)], 1e-3);
        var actual = parts.Step([new PackedBatch(texts[..1], labels[..1]), new PackedBatch(texts[1..], labels[1..])], 1e-3);

        AssertClose("loss and gradient norm", [expected.Loss, expected.GradientNorm], [actual.Loss, actual.GradientNorm], 1e-5);
    }

    private static EncodedText Encode(string text, int maxTokens) => _tokenizer.Value.Encode(text, maxTokens, Truncation.Head);

    private static AdapterPlan Plan(JsonElement expected) => new()
    {
        Modules = AdapterTargets.Modules(
            _weights.Value.Config.Layout, [.. expected.GetProperty("targets").EnumerateArray().Select(target => target.GetString()!)],
            headIsTrained: false),
        Rank = expected.GetProperty("rank").GetInt32(),
        Alpha = expected.GetProperty("alpha").GetDouble(),
    };

    private static Dictionary<string, NamedTensor> Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Names.ToDictionary(name => name, file.Read);
    }

    private static LoraAdapter Adapter(AdapterPlan plan, Dictionary<string, NamedTensor> tensors) => new(
        [.. plan.Modules.Select(module => new LoraModule
        {
            Module = module,
            Scale = plan.Scale,
            A = tensors[$"base_model.model.{module}.lora_A.weight"],
            B = tensors[$"base_model.model.{module}.lora_B.weight"],
        })], []);

    private static IEnumerable<(string Key, NamedTensor Tensor)> Trained(ILearner<PackedBatch> engine, bool adapters, bool head)
    {
        foreach (var module in adapters ? engine.Export().Adapter!.Modules : [])
        {
            yield return ($"base_model.model.{module.Module}.lora_A.weight", module.A);
            yield return ($"base_model.model.{module.Module}.lora_B.weight", module.B);
        }

        foreach (var tensor in head ? engine.Export().Head! : [])
        {
            yield return (adapters ? $"base_model.model.{tensor.Name}" : tensor.Name, tensor);
        }
    }

    private static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetSingle())];

    /// <summary>The largest difference, as a share of the <paramref name="relative"/> tolerance plus 1e-6.</summary>
    private static double LargestShare(float[] expected, List<float> actual, double relative)
    {
        Assert.Equal(expected.Length, actual.Count);
        return expected.Zip(actual).Max(pair => Math.Abs((double)pair.First - pair.Second) / ((relative * Math.Abs((double)pair.First)) + 1e-6));
    }

    private static double Distance(float[] left, float[] right) =>
        Math.Sqrt(left.Zip(right).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)));

    private static void AssertClose(string what, IEnumerable<float> expected, IEnumerable<float> actual, double tolerance)
    {
        var largest = expected.Zip(actual).Max(pair => Math.Abs((double)pair.First - pair.Second));
        Assert.True(largest <= tolerance, $"{what}: the largest difference is {largest:g4}, allowed {tolerance:g4}.");
    }
}
