using System.Text.Json;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Sampling;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Steps;
using LoraOnnx.Training.Torch;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>Weights of classes against PyTorch's and scikit-learn's values (golden/class-weights.json).</summary>
public sealed class ClassWeightTests
{
    private static readonly JsonElement _golden = JsonDocument.Parse(File.ReadAllText(Repository.Path("tests", "golden", "class-weights.json")))
        .RootElement;

    public ClassWeightTests() => NativeTorch.Prepare(null);

    public static TheoryData<int> Losses => [.. Enumerable.Range(0, _golden.GetProperty("losses").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Losses))]
    public void The_loss_and_its_gradient_are_PyTorchs_also_in_two_parts(int index)
    {
        using var scope = NewDisposeScope();
        var golden = _golden.GetProperty("losses")[index];
        var (labels, isMultiLabel, options) = Case(golden);
        var config = Tiny(options.ClassWeights!.Count, isMultiLabel); // golden losses have weights
        var rows = golden.GetProperty("logits").EnumerateArray().Select(row => Numbers(row).Select(number => (float)number).ToArray()).ToArray();
        var logits = tensor(rows.SelectMany(row => row).ToArray()).view(rows.Length, -1).requires_grad_(true);

        var share = 1.0 / LossWeight.Of(labels, config, options);
        var loss = ClassifierHead.Loss(logits[TensorIndex.Slice(0, 4)], labels[..4], config, options)
            .add(ClassifierHead.Loss(logits[TensorIndex.Slice(4)], labels[4..], config, options)).mul(share);
        var gradient = autograd.grad([loss], [logits])[0];

        Assert.Equal(golden.GetProperty("value").GetDouble(), loss.item<float>(), 1e-5);
        Assert.All(golden.GetProperty("gradient").EnumerateArray().SelectMany(Numbers).Zip(gradient.data<float>().ToArray()),
            pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    /// <summary>The other engine's loss is inside its graph: steps of a whole head, whose losses and gradients are compared.</summary>
    [Theory]
    [MemberData(nameof(Losses))]
    public void The_loss_and_its_gradient_are_the_same_on_either_engine(int index)
    {
        var (labels, isMultiLabel, options) = Case(_golden.GetProperty("losses")[index]);
        using var model = new TinyModel();
        var task = Tiny(options.ClassWeights!.Count, isMultiLabel).Task;
        var weights = Checkpoint.Open(model.Checkpoint).LoadWeights(
            HeadSeeding.Create(model.Config.WithTask(task), SeededRandom.Of(1, RandomUse.Head)), task);
        var random = new Random(1);
        float[][] features = [.. labels.Select(_ =>
            Enumerable.Range(0, weights.Config.Shape.Width).Select(_ => random.NextSingle() - 0.5f).ToArray())];

        var steps = Engines.All.Select(engine =>
        {
            using var learner = Engines.Head(engine, weights, options with { TrainHead = true, BodyDropout = false });
            var result = learner.Step([new(features[..4], labels[..4]), new(features[4..], labels[4..])], new LearningRates(0, 0.01));
            return (result.Loss, result.GradientNorm, Next: learner.Step([new(features, labels)], new LearningRates(0, 0.01)).Loss);
        }).ToList();

        Assert.Equal(steps[0].Loss, steps[1].Loss, 1e-5);
        Assert.Equal(steps[0].GradientNorm, steps[1].GradientNorm, 1e-5);
        Assert.Equal(steps[0].Next, steps[1].Next, 1e-5);
    }

    [Theory]
    [InlineData("torch")]
    [InlineData("onnx")]
    public void Twenty_four_weighted_steps_of_a_head_go_where_PyTorch_goes(string engine)
    {
        const double OfLosses = 1e-4; // relative to 1 + the loss
        const double OfSums = 1e-4; // of a tensor's sum and sum of squares: its own length, and its square
        var golden = _golden.GetProperty("trajectory");
        var (weights, tokenizer) = (Checkpoint.Open(Golden.DemoModel).LoadWeights(), TextTokenizer.Load(Golden.DemoModel));
        using var encoder = Engines.Encoder(engine, weights);
        using var learner = Engines.Head(engine, weights,
            new LearnerOptions { TrainHead = true, BodyDropout = false, ClassWeights = Numbers(golden.GetProperty("class_weights")) });

        var losses = golden.GetProperty("batches").EnumerateArray().Select((batch, step) =>
        {
            List<JsonElement> rows = [.. batch.EnumerateArray()];
            var features = encoder.Features(new PackedBatch([.. rows.Select(row => tokenizer.Encode(row.GetProperty("text").GetString()!,
                golden.GetProperty("max_length").GetInt32(), Truncation.Head))]));
            var rate = 1e-3 * (step < 4 ? (step + 1) / 4.0 : (24 - step) / 20.0); // golden's "schedule"
            return learner.Step([new FeatureBatch(features, [.. rows.Select(row => (IReadOnlyList<int>)[row.GetProperty("label").GetInt32()])])],
                new LearningRates(0, rate)).Loss;
        }).ToList();

        Assert.All(Numbers(golden.GetProperty("losses")).Zip(losses), pair =>
            Assert.Equal(0, Math.Abs(pair.First - pair.Second) / (1 + pair.First), OfLosses));
        var trained = learner.Export().Head!.ToDictionary(tensor => tensor.Name, tensor => tensor.Values); // a head learnt
        foreach (var tensor in golden.GetProperty("final").EnumerateObject())
        {
            var squares = tensor.Value.GetProperty("sum_of_squares").GetDouble();
            Assert.Equal(squares, trained[tensor.Name].Sum(value => (double)value * value), OfSums * squares);
            Assert.Equal(tensor.Value.GetProperty("sum").GetDouble(), trained[tensor.Name].Sum(value => (double)value),
                OfSums * Math.Sqrt(squares * trained[tensor.Name].Length));
        }
    }

    [Fact]
    public void Balanced_weights_are_scikit_learns()
    {
        foreach (var golden in _golden.GetProperty("balanced").EnumerateArray())
        {
            var counts = Numbers(golden.GetProperty("counts")).Select(count => (int)count).ToList();

            Assert.Equal(Numbers(golden.GetProperty("balanced")), ClassWeights.BalancedOf(counts, counts.Sum(), isMultiLabel: false),
                (a, b) => Math.Abs(a - b) < 1e-12);
        }
    }

    [Fact]
    public void Weights_are_given_by_name_and_what_is_none_is_named()
    {
        var task = new ClassificationTask(["bad", "good"], ProblemType.SingleLabel);

        Assert.Null(ClassWeights.Of("none", task, []));
        Assert.Equal([1, 2.5], ClassWeights.Of("GOOD=2.5", task, [])!);
        Assert.Equal([2.0 / 3, 2], ClassWeights.Of("balanced", task, [[0], [0], [0], [1]])!);
        Assert.Equal([3, 1.0 / 3], ClassWeights.Of("balanced", task with { ProblemType = ProblemType.MultiLabel }, [[0, 1], [1], [], [1]])!);
        Assert.Contains("'great=2'", Assert.Throws<InputException>(() => ClassWeights.Of("great=2", task, [])).Message, StringComparison.Ordinal);
        Assert.Contains("expected a number above 0", Assert.Throws<InputException>(() => ClassWeights.Of("good=0", task, [])).Message,
            StringComparison.Ordinal);
    }

    private static (IReadOnlyList<int>[] Labels, bool IsMultiLabel, LearnerOptions Options) Case(JsonElement golden)
    {
        var isMultiLabel = golden.TryGetProperty("positive_weights", out var weights) || !golden.TryGetProperty("weights", out weights);
        IReadOnlyList<int>[] labels = [.. golden.GetProperty("labels").EnumerateArray().Select(label => isMultiLabel
            ? (int[])[.. Numbers(label).Select((flag, place) => (flag, place)).Where(pair => pair.flag == 1).Select(pair => pair.place)]
                : [label.GetInt32()])];
        return (labels, isMultiLabel, new LearnerOptions
        {
            ClassWeights = Numbers(weights),
            LabelSmoothing = golden.TryGetProperty("label_smoothing", out var smoothing) ? smoothing.GetDouble() : 0,
        });
    }

    private static Model.Configuration.ModelConfig Tiny(int classes, bool isMultiLabel)
    {
        using var model = new TinyModel();
        return model.Config.WithTask(new ClassificationTask([.. Enumerable.Range(0, classes).Select(index => $"c{index}")],
            isMultiLabel ? ProblemType.MultiLabel : ProblemType.SingleLabel));
    }

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(number => number.GetDouble())];
}
