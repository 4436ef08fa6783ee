using LoraOnnx.Evaluation.Choices;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Tests.Choices;

public sealed class ChoiceTests
{
    [Fact]
    public void The_temperature_undoes_exaggerated_logits()
    {
        // Labels drawn with the probability that the logits say; then the logits are made three times as large.
        var random = new Random(4);
        var logits = Enumerable.Range(0, 5_000).Select(_ => new[] { 0f, (float)((random.NextDouble() * 6) - 3) }).ToList();
        var labels = logits.ConvertAll(row => (IReadOnlyList<int>)[random.NextDouble() < 1 / (1 + Math.Exp(-row[1])) ? 1 : 0]);

        var temperature = TemperatureChoice.Choose(labels, logits.ConvertAll(row => new[] { 3 * row[0], 3 * row[1] }), ProblemType.SingleLabel);

        // The labels are a sample: the best temperature on them is 3 within a few percent.
        Assert.Equal(3, temperature, 0.15);
    }

    [Fact]
    public void The_temperature_has_the_lowest_log_loss_of_its_neighbours()
    {
        var random = new Random(5);
        var logits = Enumerable.Range(0, 300).Select(_ => new[] { (float)random.NextDouble() * 4, (float)random.NextDouble() * 4, 1f }).ToList();
        var labels = logits.ConvertAll(row => (IReadOnlyList<int>)[random.Next(2) == 0 ? random.Next(3) : Array.IndexOf(row, row.Max())]);

        var temperature = TemperatureChoice.Choose(labels, logits, ProblemType.SingleLabel);

        var losses = new[] { 0.99, 1, 1.01 }.Select(factor => LogLoss(labels, logits, temperature * factor)).ToList();
        Assert.True(losses[1] < losses[0] && losses[1] < losses[2], string.Join(' ', losses));
    }

    [Fact]
    public void The_threshold_lies_between_the_scores_that_part_the_classes_best()
    {
        // By hand: from 0.3 on, three of three positives and one wrong: F1 6/7; from 0.5 on 4/5, from 0.7 on 4/5.
        var texts = Binary((0.1, 0), (0.2, 0), (0.3, 1), (0.6, 0), (0.7, 1), (0.9, 1));

        var threshold = ThresholdChoice.Choose(texts);

        Assert.Equal(0.25, threshold, 1e-12);
    }

    [Fact]
    public void Of_equally_good_thresholds_the_one_nearest_to_a_half_is_taken()
    {
        Assert.Equal(0.5, ThresholdChoice.Choose(Binary((0.1, 0), (0.45, 0), (0.55, 1), (0.9, 1))));
        Assert.Equal(0.75, ThresholdChoice.Choose(Binary((0.6, 0), (0.7, 0), (0.8, 1), (0.9, 1))), 1e-12);
    }

    private static double LogLoss(List<IReadOnlyList<int>> labels, List<float[]> logits, double temperature)
    {
        var texts = new ScoredTexts(3, ProblemType.SingleLabel, new Calibration { Temperature = temperature });
        for (var text = 0; text < logits.Count; text++)
        {
            texts.AddLogits(labels[text], logits[text]);
        }

        return ClassificationFigures.Of(texts).LogLoss;
    }

    private static ScoredTexts Binary(params (double Score, int Label)[] rows)
    {
        var texts = new ScoredTexts(2, ProblemType.SingleLabel, Calibration.None);
        foreach (var (score, label) in rows)
        {
            texts.Add([label], [1 - score, score]);
        }

        return texts;
    }
}
