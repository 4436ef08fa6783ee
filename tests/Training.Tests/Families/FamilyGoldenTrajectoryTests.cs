using System.Text.Json;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Training.Engine;

namespace LoraOnnx.Training.Tests.Families;

/// <summary>The training engine against transformers and peft, for every model and trajectory that lies in golden/families.</summary>
public sealed class FamilyGoldenTrajectoryTests
{
    private const string Prefix = "base_model.model.";

    public FamilyGoldenTrajectoryTests() => NativeTorch.Prepare(null);

    public static TheoryData<string> WithLogits => [.. FamilyGolden.ModelsWith("logits.json")];

    public static TheoryData<string, string> Trajectories => new(FamilyGolden.Folders("trajectories"));

    [Theory]
    [MemberData(nameof(WithLogits))]
    public void The_engine_gives_the_logits_of_transformers(string model)
    {
        var cases = FamilyGolden.Json(model, "logits.json").GetProperty("cases").EnumerateArray().ToList();
        var texts = FamilyGolden.Encode(model, cases.Select(entry => entry.GetProperty("text").GetString()!));
        using var engine = TrainingEngine.Create(FamilyGolden.Weights(model), new EngineOptions { TrainHead = true });

        FamilyGolden.AssertClose([.. cases.Select(entry => FamilyGolden.Numbers(entry.GetProperty("logits")))], engine.Logits(new PackedBatch(texts)), 2e-5);
    }

    [Theory]
    [MemberData(nameof(Trajectories))]
    public void Training_follows_the_trajectory_of_peft(string model, string name)
    {
        const double Tolerance = 1e-4; // of losses and gradient norms, relative
        const double WeightShare = 1e-2; // ‖ours - theirs‖ of each tensor, as a share of the way it went, ‖theirs - initial‖
        var expected = FamilyGolden.Json(model, "trajectories", name, "expected.json");
        var initial = Read(FamilyGolden.PathOf(model, "trajectories", name, "initial.safetensors"));
        var final = Read(FamilyGolden.PathOf(model, "trajectories", name, "final.safetensors"));
        var weights = Weights(model, initial);
        var plan = initial.Keys.Any(key => key.Contains(".lora_A.", StringComparison.Ordinal)) ? Plan(weights, expected) : null;
        var trainsHead = weights.Config.Layout.Head.Keys.All(initial.ContainsKey);
        using var engine = TrainingEngine.Create(weights, new EngineOptions { Adapter = plan, TrainHead = trainsHead, BodyDropout = false },
            plan is null ? null : Adapter(plan, initial));

        var results = expected.GetProperty("batches").EnumerateArray().Zip(expected.GetProperty("learning_rates").EnumerateArray())
            .Select(step => engine.Step([Batch(model, expected, step.First)], step.Second.GetDouble(), step.Second.GetDouble()))
            .Select(result => (result.Loss, result.GradientNorm)).ToList();

        AssertClose("losses", expected.GetProperty("losses"), results.Select(result => result.Loss), Tolerance);
        AssertClose("gradient norms", expected.GetProperty("gradient_norms_before_clipping"), results.Select(result => result.GradientNorm), Tolerance);
        Assert.All(Trained(engine, plan, trainsHead), tensor =>
        {
            var share = Distance(tensor.Values, final[tensor.Name].Values) / Distance(final[tensor.Name].Values, initial[tensor.Name].Values);
            Assert.True(share <= WeightShare, $"{tensor.Name} is off by {share:g4} of the way it went, allowed {WeightShare:g4}.");
        });
    }

    /// <summary>The checkpoint's weights, with the head that a trajectory starts from where it brings one.</summary>
    private static ModelWeights Weights(string model, Dictionary<string, NamedTensor> initial)
    {
        var checkpoint = Checkpoint.Open(FamilyGolden.CheckpointOf(model));
        var layout = checkpoint.Config.Layout;
        if (checkpoint.HasHead)
        {
            return checkpoint.LoadWeights();
        }

        var classes = initial[layout.Head.Last.Weight].Shape[0];
        var task = new ClassificationTask([.. Enumerable.Range(0, classes).Select(index => $"LABEL_{index}")], ProblemType.SingleLabel);
        return checkpoint.LoadWeights(layout.Head.Keys.Select(key => initial[key]), task);
    }

    private static PackedBatch Batch(string model, JsonElement expected, JsonElement batch)
    {
        var rows = batch.EnumerateArray().ToList();
        var maxLength = expected.GetProperty("max_length").GetInt32();
        return new PackedBatch(FamilyGolden.Encode(model, rows.Select(row => row.GetProperty("text").GetString()!), maxLength), [.. rows.Select(Labels)]);
    }

    /// <summary>A class, or a flag for each class.</summary>
    private static IReadOnlyList<int> Labels(JsonElement row)
    {
        var label = row.TryGetProperty("labels", out var several) ? several : row.GetProperty("label");
        return label.ValueKind == JsonValueKind.Number ? [label.GetInt32()]
            : [.. label.EnumerateArray().Select((flag, index) => (flag, index)).Where(entry => entry.flag.GetDouble() != 0).Select(entry => entry.index)];
    }

    private static AdapterPlan Plan(ModelWeights weights, JsonElement expected) => new()
    {
        Modules = AdapterTargets.Modules(weights.Config.Layout, [.. expected.GetProperty("targets").EnumerateArray().Select(target => target.GetString()!)],
            headIsTrained: false),
        Rank = expected.GetProperty("rank").GetInt32(),
        Alpha = expected.GetProperty("alpha").GetDouble(),
    };

    private static LoraAdapter Adapter(AdapterPlan plan, Dictionary<string, NamedTensor> tensors) => new([.. plan.Modules.Select(module => new LoraModule
    {
        Module = module,
        Scale = plan.Scale,
        A = tensors[$"{module}.lora_A.weight"],
        B = tensors[$"{module}.lora_B.weight"],
    })], []);

    private static IEnumerable<NamedTensor> Trained(TrainingEngine engine, AdapterPlan? plan, bool head) =>
    [
        .. plan is null ? [] : engine.ExportAdapter().Modules.SelectMany(module => (NamedTensor[])
        [
            new($"{module.Module}.lora_A.weight", module.A.Shape, module.A.Values), new($"{module.Module}.lora_B.weight", module.B.Shape, module.B.Values),
        ]),
        .. head ? engine.ExportHead() : [],
    ];

    /// <summary>Tensors by their key, without what peft puts before it.</summary>
    private static Dictionary<string, NamedTensor> Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Names.Select(file.Read).Select(tensor => new NamedTensor(
            tensor.Name.StartsWith(Prefix, StringComparison.Ordinal) ? tensor.Name[Prefix.Length..] : tensor.Name, tensor.Shape, tensor.Values))
            .ToDictionary(tensor => tensor.Name);
    }

    private static void AssertClose(string what, JsonElement expected, IEnumerable<float> actual, double relative)
    {
        var worst = FamilyGolden.Numbers(expected).Zip(actual).Max(pair => Math.Abs((double)pair.First - pair.Second) / ((relative * Math.Abs(pair.First)) + 1e-6));
        Assert.True(worst <= 1, $"{what} differ by {worst:g4} times what is allowed.");
    }

    private static double Distance(float[] left, float[] right) => Math.Sqrt(left.Zip(right).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)));
}
