using LoraOnnx.Model;
using LoraOnnx.Texts;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Loop;

namespace LoraOnnx.Training.Tests;

public sealed class EvaluationTests
{
    /// <summary>No score reaches 0.5, but the second evaluation tells all texts apart, and the first gives one label by chance.</summary>
    [Fact]
    public void Weights_that_rank_well_are_better_than_some_that_reach_a_half_by_chance()
    {
        var task = new ClassificationTask(["joy", "fear"], ProblemType.MultiLabel);
        var texts = TextSet.Encode("validation", "file", [Text("a", 0), Text("b", 1), Text("c", 0), Text("d")], _ => new([1], 1),
            TestContext.Current.CancellationToken);
        Evaluation Of(params float[][] logits) => Evaluation.OfValidation(logits, texts, task, new RunProgressPoint(1, 1));

        var chance = Of([1, -3], [-1, -2], [-2, -2], [1, -2]);
        var ranked = Of([-1, -3], [-3, -1], [-1, -3], [-3, -3]);

        Assert.Equal(1, ranked.Metrics.F1);
        Assert.True(Evaluation.IsBetter(ranked.Metrics, chance.Metrics));
        Assert.InRange(ranked.Metrics.Labels![0].Threshold, 0.05, 0.27);
    }

    private static LabelledText Text(string text, params int[] labels) => new() { Text = text, Labels = labels };
}
