using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using LoraOnnx.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>DoRA takes its row norms as constants, so the slopes of the loss are not its gradients: here libtorch's autograd is what they are
/// measured with.</summary>
public sealed class StackedLinearTests
{
    private static readonly string[] _modules = ["q_lin", "k_lin", "v_lin"];

    public StackedLinearTests() => NativeTorch.Prepare(null);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Result_and_gradients_are_those_of_the_formula(bool dora)
    {
        // Another order of summation in fp32.
        const double Tolerance = 1e-5;
        using var model = new TinyModel();
        using var scope = NewDisposeScope();
        manual_seed(1);
        var names = _modules.Select(module => $"distilbert.transformer.layer.0.attention.{module}").ToList();
        var plan = new AdapterPlan { Modules = [names[0], names[2]], Rank = 3, Alpha = 5, Kind = dora ? LinearAdapters.Dora : LinearAdapters.Lora };
        using var parameters = Parameters(plan, model.Config.Shape.Width);
        using var linear = new StackedLinear(
            model.Weights, names, module => AdapterTensors.Of(parameters, model.Config.Layout.Linear(module), plan), 0, ScalarType.Float32, CPU);
        using var tape = new Tape();
        var x = randn(11, model.Config.Shape.Width).requires_grad_(true);
        var leaves = plan.Modules.SelectMany(module => plan.Kind.Keys.Select(key => key.NameIn(module)))
            .ToDictionary(name => name, name => parameters.ValueOf(name).clone().requires_grad_(true));
        var expected = cat([.. names.Select(name => Formula(x, name, model.Weights, leaves, plan.Scale))], 1);
        var upstream = randn_like(expected);
        var expectedGradients = autograd.grad([expected], [x, .. leaves.Values], [upstream]).ToList();

        using var noGradient = no_grad();
        var (result, saved) = linear.Forward(x.detach(), dropout: null, tape);
        var inputGradient = linear.Backward(upstream, saved, inputGradient: true)!; // asked for

        Tensor[] actual = [result, inputGradient, .. leaves.Keys.Select(parameters.GradientOf)];
        var largest = actual.Zip(expectedGradients.Prepend(expected.detach()))
            .Max(pair => (pair.First - pair.Second).abs().max().item<float>() / pair.Second.abs().max().item<float>());
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {largest:g3} of the largest number");
        Assert.True(largest <= Tolerance, $"largest difference {largest:g3} of the largest number, allowed {Tolerance:g3}.");
    }

    [Fact]
    public void DoRA_in_bf16_keeps_small_changes_of_magnitude()
    {
        // A tenth of a per cent is less than bf16 tells apart at 1 (0.4 to 0.8 %), yet the mean over many numbers shows it.
        const float Change = 1e-3f;
        using var model = new TinyModel();
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var module = $"distilbert.transformer.layer.0.attention.q_lin";
        var plan = new AdapterPlan { Modules = [module], Rank = 3, Alpha = 5, Kind = LinearAdapters.Dora };
        using var parameters = Parameters(plan, model.Config.Shape.Width);
        using var linear = new StackedLinear(
            model.Weights, [module], name => AdapterTensors.Of(parameters, model.Config.Layout.Linear(name), plan), 0, ScalarType.BFloat16, CPU);
        var x = torch.tensor(TinyModel.RandomTensor("x", [20_000, model.Config.Shape.Width], new Random(2), 1).Values)
            .view(20_000, model.Config.Shape.Width).to(ScalarType.BFloat16);
        using var grown = (1 + Change).ToScalar();
        var before = linear.Forward(x, dropout: null, tape: null).Result.to(ScalarType.Float32);
        parameters.ValueOf(Name(module, 2)).mul_(grown);
        linear.Refresh();

        var after = linear.Forward(x, dropout: null, tape: null).Result.to(ScalarType.Float32);

        // The slope of what came out against what came out before, the bias left out of both.
        var bias = EncoderBody.ToTensor(model.Weights[$"{module}.bias"]).to(ScalarType.BFloat16).to(ScalarType.Float32);
        var (left, right) = (before - bias, after - bias);
        var slope = (left * right).sum().item<float>() / (left * left).sum().item<float>();
        Assert.Equal(1 + Change, slope, 2e-4f);
    }

    private static Tensor Formula(Tensor x, string module, ModelWeights weights, Dictionary<string, Tensor> leaves, double scale)
    {
        var (weight, bias) = (EncoderBody.ToTensor(weights[$"{module}.weight"]), EncoderBody.ToTensor(weights[$"{module}.bias"]));
        if (leaves.TryGetValue(Name(module, 0), out var a))
        {
            weight += scale * leaves[Name(module, 1)].mm(a);
        }

        if (leaves.TryGetValue(Name(module, 2), out var magnitude))
        {
            weight *= (magnitude / linalg.vector_norm(weight.detach(), 2, [1])).unsqueeze(1);
        }

        return nn.functional.linear(x, weight, bias);
    }

    private static TrainedParameters Parameters(AdapterPlan plan, int width)
    {
        var random = new Random(4);
        return new TrainedParameters(plan.Modules.SelectMany(module => plan.Kind.Keys.Select(key => key.NameIn(module))).Select(name => name switch
        {
            _ when name.Contains("lora_A", StringComparison.Ordinal) =>
                new ParameterSpec(TinyModel.RandomTensor(name, [plan.Rank, width], random, 0.2), ParameterKind.AdapterDown),
            _ when name.Contains("lora_B", StringComparison.Ordinal) =>
                new ParameterSpec(TinyModel.RandomTensor(name, [width, plan.Rank], random, 0.2), ParameterKind.AdapterUp),
            _ => new ParameterSpec(TinyModel.RandomTensor(name, [width], random, 0.2, mean: 1), ParameterKind.AdapterMagnitude),
        }), CPU);
    }

    /// <summary>Names of A, B and magnitude.</summary>
    private static string Name(string module, int key) => LinearAdapters.Dora.Keys[key].NameIn(module);
}
