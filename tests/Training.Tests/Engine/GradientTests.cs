using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>The written-out backward pass against differences of the loss.</summary>
public sealed class GradientTests
{
    private const string EveryModule = "q_lin k_lin v_lin out_lin lin1 lin2 pre_classifier classifier";

    private readonly PackedBatch _batch = Batch([9, 4, 9, 17, 33, 4], seed: 3);

    public GradientTests() => NativeTorch.Prepare(null);

    private static readonly (string Targets, string Traits)[] _cases =
    [
        ("q_lin k_lin v_lin", ""), ("q_lin k_lin v_lin", "dropout"), ("k_lin lin2", "rslora"), (EveryModule, ""), (EveryModule, "relu"),
        (EveryModule, "dropout attention-dropout multi-label smoothing"), ("q_lin v_lin out_lin", "head dropout"), ("", "head"),
    ];

    public static TheoryData<string, string, string> Cases =>
        [.. _cases.SelectMany(row => Engines.All.Select(engine => (row.Targets, row.Traits, engine)))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_the_slopes_of_the_loss(string targets, string traits, string name)
    {
        // Central differences in fp32: the loss has 7 digits, of which a step this long leaves three; a longer one crosses kinks of ReLU.
        const double Reach = 2e-3;
        const double Tolerance = 2e-2;
        using var model = new TinyModel(new TinyModelOptions
        {
            Activation = Has(traits, "relu") ? "relu" : "gelu",
            ProblemType = Has(traits, "multi-label") ? "multi_label_classification" : null,
        });
        using var engine = Engines.Adapters(name, model.Weights, Plan(model.Config, targets, traits), Options(traits));
        var start = Shaken(engine.Save());

        var gradients = Gradients(engine, start);
        var worst = start.Tensors.Where(tensor => gradients.ContainsKey(tensor.Name)).Select((tensor, index) =>
        {
            var direction = TinyModel.RandomTensor(tensor.Name, tensor.Shape, new Random(index), 1).Values;
            var length = Math.Sqrt(direction.Sum(value => (double)value * value));
            var along = gradients[tensor.Name].Zip(direction).Sum(pair => (double)pair.First * pair.Second) / length;
            var reach = Reach / length;
            var slope = (Loss(engine, Moved(start, tensor.Name, direction, reach)) - Loss(engine, Moved(start, tensor.Name, direction, -reach)))
                / (2 * Reach);
            return (tensor.Name, Error: Math.Abs(slope - along) / (Math.Abs(along) + 1e-2), Slope: slope, Along: along);
        }).MaxBy(item => item.Error);

        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference: {worst.Error:g3} at {worst.Name}");
        Assert.True(worst.Error <= Tolerance, $"{worst.Name}: the loss rises by {worst.Slope:g5}, the gradient says {worst.Along:g5}.");
    }

    [Fact]
    public void Gradients_in_bf16_point_where_those_in_fp32_do()
    {
        // bf16 has 8 bits: each number is off by up to 0.4 %, and over six layers that adds up to some per cent of the length.
        const double LowestCosine = 0.99;
        var weights = Checkpoint.Open(Golden.DemoModel).LoadWeights();
        var (plan, options) = (Plan(weights.Config, EveryModule, "dropout"), Options("dropout"));
        using var exact = Learners.Of(weights, plan, options);
        using var fast = Learners.Of(weights, plan, options with { Precision = BasePrecision.Bf16 });
        var start = exact.Save();

        var (expected, actual) = (Gradients(exact, start), Gradients(fast, start));
        var dot = expected.Sum(item => Dot(item.Value, actual[item.Key]));
        var cosine = dot / Math.Sqrt(expected.Values.Sum(values => Dot(values, values)) * actual.Values.Sum(values => Dot(values, values)));

        TestContext.Current.TestOutputHelper?.WriteLine($"cosine {cosine:g5}");
        Assert.True(cosine >= LowestCosine, $"cosine {cosine:g5}, at least {LowestCosine}.");
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    public void Equal_steps_have_equal_bits(string type)
    {
        var precision = type == "bf16" ? BasePrecision.Bf16 : BasePrecision.Fp32;
        using var model = new TinyModel();
        const string Traits = "dropout attention-dropout";
        var (plan, options) = (Plan(model.Config, EveryModule, Traits), Options(Traits) with { Precision = precision });
        using var first = Learners.Of(model.Weights, plan, options);
        using var second = Learners.Of(model.Weights, plan, options);
        first.Step([_batch], 1e-3);
        second.Restore(first.Save());

        var expected = first.Step([_batch, _batch], 1e-3);
        var actual = second.Step([_batch, _batch], 1e-3);

        Assert.Equal((expected.Loss, expected.GradientNorm), (actual.Loss, actual.GradientNorm));
        Assert.Equal(first.Save().Tensors.SelectMany(tensor => tensor.Values), second.Save().Tensors.SelectMany(tensor => tensor.Values));
    }

    private static bool Has(string traits, string trait) => traits.Split(' ').Contains(trait);

    private static AdapterPlan Plan(ModelConfig config, string targets, string traits) => new()
    {
        Modules = targets.Length == 0 ? [] : AdapterTargets.Modules(config.Layout, targets.Split(' '), headIsTrained: false),
        Rank = 3,
        Alpha = 5,
        UseRsLora = Has(traits, "rslora"),
        Kind = Has(traits, "dora") ? LinearAdapters.Dora : LinearAdapters.Lora,
        Dropout = Has(traits, "dropout") ? 0.2 : 0,
    };

    private static LearnerOptions Options(string traits) => new()
    {
        TrainHead = Has(traits, "head"),
        Seed = 7, // starting values whose steps below cross no kink of the head's ReLU
        BodyDropout = Has(traits, "dropout"),
        AttentionDropout = Has(traits, "attention-dropout"),
        LabelSmoothing = Has(traits, "smoothing") ? 0.1 : 0,
        Optimizer = new OptimizerConstants { Beta1 = 0, ClipNorm = 0 }, // so that the mean gradient is the gradient
    };

    private static PackedBatch Batch(int[] lengths, int seed) =>
        new([.. lengths.Select((length, index) => new EncodedText(TinyModel.Ids(length, seed + index), length))],
            [.. lengths.Select((_, index) => (IReadOnlyList<int>)[index % 2])]);

    /// <summary>The state at step 0 with every trained tensor away from where it starts: B is not 0.</summary>
    private static LearnerState Shaken(LearnerState state) => new(0, [.. state.Tensors.Select((tensor, index) => IsMoment(tensor.Name)
        ? tensor
        : new NamedTensor(tensor.Name, tensor.Shape,
            [.. tensor.Values.Zip(TinyModel.RandomTensor("", tensor.Shape, new Random(100 + index), 0.2).Values,
                (value, noise) => value + noise)]))]);

    private static LearnerState Moved(LearnerState state, string name, float[] direction, double reach) =>
        new(0, [.. state.Tensors.Select(tensor => tensor.Name == name
        ? new NamedTensor(name, tensor.Shape, [.. tensor.Values.Zip(direction, (value, part) => (float)(value + (part * reach)))])
        : tensor)]);

    private static bool IsMoment(string name) => name.EndsWith(".exp_avg", StringComparison.Ordinal)
        || name.EndsWith(".exp_avg_sq", StringComparison.Ordinal);

    private Dictionary<string, float[]> Gradients(ILearner<PackedBatch> engine, LearnerState state)
    {
        engine.Restore(state);
        engine.Step([_batch], 0);
        return engine.Save().Tensors.Where(tensor => tensor.Name.EndsWith(".exp_avg", StringComparison.Ordinal))
            .ToDictionary(tensor => tensor.Name[..^".exp_avg".Length], tensor => tensor.Values);
    }

    private double Loss(ILearner<PackedBatch> engine, LearnerState state)
    {
        engine.Restore(state);
        return engine.Step([_batch], 0).Loss;
    }

    private static double Dot(float[] left, float[] right) => left.Zip(right).Sum(pair => (double)pair.First * pair.Second);
}
