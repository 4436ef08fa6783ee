using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Torch;

namespace LoraOnnx.Training.Tests.Engine;

/// <summary>Engines draw the same masks for the same places: steps with dropout everywhere go the same way.</summary>
public sealed class SameDropoutTests
{
    public SameDropoutTests() => NativeTorch.Prepare(null);

    public static TheoryData<string, bool> Cases =>
        [.. FamilyGolden.ModelsWith("logits.json").SelectMany(model => (bool[])[false, true], (model, dora) => (model, dora))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Steps_with_dropout_go_the_same_way_on_every_engine(string model, bool dora)
    {
        const double Tolerance = 2e-5; // relative to 1 + the number: fp32 sums in another order, eight steps on; another mask moves losses by 1e-2
        var weights = FamilyGolden.Weights(model);
        var results = Engines.All.Select(engine =>
        {
            using var learner = Engines.Adapters(engine, weights,
                new AdapterPlan
                {
                    Modules = AdapterTargets.Modules(weights.Config.Layout, ["all-linear"], headIsTrained: true),
                    Rank = 4,
                    Dropout = 0.3,
                    Kind = dora ? LinearAdapters.Dora : LinearAdapters.Lora,
                },
                new LearnerOptions
                {
                    TrainHead = true,
                    AttentionDropout = true,
                    LabelSmoothing = 0.1,
                    ClassWeights = [.. weights.Config.Task.Labels.Select((_, index) => 1.0 + index)],
                });
            return Enumerable.Range(0, 8).SelectMany(step =>
            {
                var result = learner.Step([Batch(step, [9, 4, 40, 33, 4]), Batch(step + 50, [7, 7])], 1e-3);
                return (double[])[result.Loss, result.GradientNorm];
            }).ToList();
        }).ToList();

        var largest = results[0].Zip(results[1]).Max(pair => Math.Abs(pair.First - pair.Second) / (1 + Math.Abs(pair.First)));

        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference {largest:g3}");
        Assert.True(largest <= Tolerance, $"largest difference {largest:g3}, allowed {Tolerance:g3}.");
    }

    private static PackedBatch Batch(int seed, int[] lengths) =>
        new([.. lengths.Select((length, index) => new EncodedText(TinyModel.Ids(length, seed + index), length))],
            [.. lengths.Select((_, index) => (IReadOnlyList<int>)[(index + seed) % 2])]);
}
