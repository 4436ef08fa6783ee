using System.Text.Json;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>The engine against transformers and peft, for every model and trajectory that lies in golden/families.</summary>
public sealed class FamilyGoldenTrainingTests
{
    public FamilyGoldenTrainingTests() => NativeTorch.Prepare(null);

    public static MatrixTheoryData<string, string> WithLogits => new(FamilyGolden.ModelsWith("logits.json"), Engines.All);

    public static TheoryData<string, string, string> Trajectories =>
        [.. FamilyGolden.Folders("trajectories").SelectMany(folder => Engines.All.Select(engine => (folder.Item1, folder.Item2, engine)))];

    [Theory]
    [MemberData(nameof(WithLogits))]
    public void A_frozen_network_gives_the_logits_of_transformers(string model, string engine)
    {
        var cases = FamilyGolden.Json(model, "logits.json").GetProperty("cases").EnumerateArray().ToList();
        var texts = FamilyGolden.Encode(model, cases.Select(entry => entry.GetProperty("text").GetString()!));
        using var network = Engines.Encoder(engine, FamilyGolden.Weights(model));

        var logits = network.Logits(new PackedBatch(texts));

        FamilyGolden.AssertClose([.. cases.Select(entry => FamilyGolden.Numbers(entry.GetProperty("logits")))], logits, 2e-5);
    }

    public static TheoryData<string> Models => [.. FamilyGolden.ModelsWith("logits.json")];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_base_in_bf16_gives_nearly_the_logits_of_transformers(string model)
    {
        const double Tolerance = 0.3; // 8 bits a number, logits of up to 6
        var cases = FamilyGolden.Json(model, "logits.json").GetProperty("cases").EnumerateArray().ToList();
        var texts = FamilyGolden.Encode(model, cases.Select(entry => entry.GetProperty("text").GetString()!));
        float[][] expected = [.. cases.Select(entry => FamilyGolden.Numbers(entry.GetProperty("logits")))];
        using var network = new FrozenNetwork(FamilyGolden.Weights(model), null, BasePrecision.Bf16, TorchDevice.Cpu);

        var logits = network.Logits(new PackedBatch(texts));

        Assert.NotEqual(expected, logits);
        FamilyGolden.AssertClose(expected, logits, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Trajectories))]
    public void Twenty_four_steps_go_where_peft_goes(string model, string name, string engine)
    {
        const double Tolerance = 1e-4; // relative to 1 + the number, of losses and gradient norms
        const double WeightShare = 1e-2; // of the way that a tensor went
        var expected = FamilyGolden.Json(model, "trajectories", name, "expected.json");
        var initial = Read(FamilyGolden.PathOf(model, "trajectories", name, "initial.safetensors"));
        var final = Read(FamilyGolden.PathOf(model, "trajectories", name, "final.safetensors"));
        var weights = Weights(model, expected, initial);
        var isAdapted = initial.Keys.Any(key => key.Contains("lora_A", StringComparison.Ordinal));
        var trainsHead = weights.Config.Layout.Head.Keys.Any(initial.ContainsKey);
        var plan = isAdapted ? Plan(weights, expected, trainsHead) : Learners.NoAdapters;
        var adapter = new LoraAdapter([.. plan.Modules.Select(module => plan.Kind.Compose(
            weights.Config.Layout.Linear(module), plan.Scale, key => initial.GetValueOrDefault(key.NameIn(module))))], []);
        using var learner = Engines.Adapters(engine, weights, plan, new LearnerOptions { TrainHead = trainsHead, BodyDropout = false }, adapter);

        var results = expected.GetProperty("batches").EnumerateArray().Zip(expected.GetProperty("learning_rates").EnumerateArray())
            .Select(step => learner.Step([Pack(model, step.First, expected.GetProperty("max_length").GetInt32())], step.Second.GetDouble()))
            .Select(result => (result.Loss, result.GradientNorm)).ToList();

        var losses = Excess(FamilyGolden.Numbers(expected.GetProperty("losses")), results.Select(result => result.Loss));
        var norms = Excess(FamilyGolden.Numbers(expected.GetProperty("gradient_norms_before_clipping")),
            results.Select(result => result.GradientNorm));
        var (key, share) = learner.Save().Tensors.Where(tensor => final.ContainsKey(tensor.Name)).Select(tensor => (tensor.Name,
            Share: Distance(tensor.Values, final[tensor.Name].Values) / Distance(final[tensor.Name].Values, initial[tensor.Name].Values))).MaxBy(
                item => item.Share);
        TestContext.Current.TestOutputHelper?.WriteLine($"losses off by {losses:g3}, gradient norms by {norms:g3}, {key} by {share:g3} of its way");
        Assert.Equal(final.Keys.Order(StringComparer.Ordinal),
            learner.Save().Tensors.Select(tensor => tensor.Name).Where(final.ContainsKey).Order(StringComparer.Ordinal));
        Assert.True(losses <= Tolerance
            && norms <= Tolerance, $"losses are off by {losses:g3}, gradient norms by {norms:g3}, allowed {Tolerance:g3}.");
        Assert.True(share <= WeightShare, $"{key} is off by {share:g3} of the way it went, allowed {WeightShare:g3}.");
    }

    private static ModelWeights Weights(string model, JsonElement expected, Dictionary<string, NamedTensor> initial)
    {
        var checkpoint = Checkpoint.Open(FamilyGolden.CheckpointOf(model));
        if (checkpoint.HasHead)
        {
            var weights = checkpoint.LoadWeights();
            return weights.With(weights.Config.Layout.Head.Keys.Where(initial.ContainsKey).Select(key => initial[key]));
        }

        var classes = expected.GetProperty("classes").GetInt32();
        var labels = Enumerable.Range(0, classes).Select(index => $"LABEL_{index}").ToList();
        return checkpoint.LoadWeights(initial.Values.Where(tensor => !tensor.Name.Contains("lora_", StringComparison.Ordinal)),
            checkpoint.Config.Task with { Labels = labels });
    }

    private static AdapterPlan Plan(ModelWeights weights, JsonElement expected, bool trainsHead) => new()
    {
        Modules = AdapterTargets.Modules(
            weights.Config.Layout, [.. expected.GetProperty("targets").EnumerateArray().Select(target => target.GetString()!)], trainsHead),
        Rank = expected.GetProperty("rank").GetInt32(),
        Alpha = expected.GetProperty("alpha").GetDouble(),
    };

    private static PackedBatch Pack(string model, JsonElement batch, int maxLength)
    {
        var tokenizer = TextTokenizer.Load(FamilyGolden.CheckpointOf(model));
        var rows = batch.EnumerateArray().ToList();
        return new PackedBatch([.. rows.Select(row => tokenizer.Encode(row.GetProperty("text").GetString()!, maxLength, Truncation.Head))],
            [.. rows.Select(Labels)]);
    }

    /// <summary>A class, or a flag for every label.</summary>
    private static IReadOnlyList<int> Labels(JsonElement row) => row.GetProperty("label") is { ValueKind: JsonValueKind.Array } flags
        ? [.. FamilyGolden.Numbers(flags).Index().Where(flag => flag.Item == 1).Select(flag => flag.Index)]
        : [row.GetProperty("label").GetInt32()];

    /// <summary>Tensors under the names that they have in the model, whatever peft calls them.</summary>
    private static Dictionary<string, NamedTensor> Read(string path)
    {
        const string Peft = "base_model.model.";
        using var file = SafetensorsFile.Open(path);
        return file.Names.Select(file.Read).Select(tensor => new NamedTensor(
                tensor.Name.StartsWith(Peft, StringComparison.Ordinal) ? tensor.Name[Peft.Length..] : tensor.Name, tensor.Shape, tensor.Values))
            .ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    private static double Excess(float[] expected, IEnumerable<float> actual) =>
        expected.Zip(actual).Max(pair => Math.Abs((double)pair.First - pair.Second) / (1 + Math.Abs((double)pair.First)));

    private static double Distance(float[] left, float[] right) =>
        Math.Sqrt(left.Zip(right).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)));
}
