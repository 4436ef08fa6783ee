using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Tests.Statistics;

public sealed class PairedBootstrapTests
{
    /// <summary>Two bootstraps differ by chance; from 400 texts on, the ends of an interval by less than this.</summary>
    private const double ChanceTolerance = 0.0015;

    [Fact]
    public void Intervals_equal_numpys_within_chance()
    {
        foreach (var pair in GoldenPair.All)
        {
            var expected = pair.Expected.GetProperty("percentile_bootstrap_95");
            var tolerance = pair.Count >= 400 ? ChanceTolerance : expected.GetProperty("tolerance").GetDouble();

            var bootstrap = PairedBootstrap.Run([pair.First, pair.Second], 42, Resampling.DefaultCount(pair.Count), 2, CancellationToken.None);

            AssertNear(expected.GetProperty("f1_first"), bootstrap.Of(0, Figure.F1), tolerance, $"{pair.Count} texts, first");
            AssertNear(expected.GetProperty("f1_second"), bootstrap.Of(1, Figure.F1), tolerance, $"{pair.Count} texts, second");
            AssertNear(expected.GetProperty("difference"), bootstrap.Difference(1, Figure.F1), tolerance, $"{pair.Count} texts, difference");
        }
    }

    [Fact]
    public void The_number_of_threads_changes_nothing()
    {
        var pair = GoldenPair.All[0];

        var one = PairedBootstrap.Run([pair.First, pair.Second], 7, 500, 1, CancellationToken.None);
        var three = PairedBootstrap.Run([pair.First, pair.Second], 7, 500, 3, CancellationToken.None);

        Assert.All(Figure.All, figure => Assert.Equal((one.Of(1, figure), one.Difference(1, figure)), (three.Of(1, figure), three.Difference(1, figure))));
    }

    [Fact]
    public void Another_seed_gives_other_draws()
    {
        var pair = GoldenPair.All[0];

        var seven = PairedBootstrap.Run([pair.First], 7, 500, 2, CancellationToken.None);
        var eight = PairedBootstrap.Run([pair.First], 8, 500, 2, CancellationToken.None);

        Assert.NotEqual(seven.Of(0, Figure.Brier), eight.Of(0, Figure.Brier));
    }

    [Theory]
    [InlineData(2, ProblemType.SingleLabel), InlineData(5, ProblemType.SingleLabel), InlineData(3, ProblemType.MultiLabel)]
    public void A_resample_gives_the_figures_of_the_texts_written_out(int classes, ProblemType problemType)
    {
        var random = new Random(5);
        var rows = Enumerable.Range(0, 301).Select(_ => RandomText(random, classes, problemType)).ToList();
        var prepared = new ResampledModel(Texts(rows, classes, problemType));
        var weights = new byte[rows.Count];
        Resampling.Draw(3, 4, weights);

        var values = new double[prepared.ValueCount];
        prepared.Evaluate(weights, new byte[prepared.AnswerCount], values);

        var writtenOut = rows.SelectMany((row, text) => Enumerable.Repeat(row, weights[text])).ToList();
        Assert.Equal(rows.Count, writtenOut.Count);
        var expected = ClassificationFigures.Of(Texts(writtenOut, classes, problemType));
        for (var i = 0; i < Figure.All.Count; i++)
        {
            // Losses and confidences are summed in single precision.
            Assert.True(Math.Abs(Figure.All[i].Of(expected)!.Value - values[i]) < 1e-6, $"{Figure.All[i].Key}: expected {Figure.All[i].Of(expected)}, found {values[i]}");
        }
    }

    [Fact]
    public void A_resample_without_positives_is_left_out_of_ROC_AUC()
    {
        var texts = new ScoredTexts(2, ProblemType.SingleLabel, Calibration.None);
        texts.Add([1], [0.1, 0.9]);
        texts.Add([0], [0.6, 0.4]);

        var interval = PairedBootstrap.Run([texts], 1, 200, 2, CancellationToken.None).Of(0, Figure.RocAuc);

        Assert.Equal(new Interval(1, 1), interval);
    }

    private static (int[] Labels, double[] Scores) RandomText(Random random, int classes, ProblemType problemType)
    {
        // Coarse scores make ties.
        var scores = Enumerable.Range(0, classes).Select(_ => random.Next(1, 8) / 8.0).ToArray();
        return problemType == ProblemType.MultiLabel
            ? ([.. Enumerable.Range(0, classes).Where(_ => random.Next(3) == 0)], scores)
            : ([random.Next(classes)], [.. scores.Select(score => score / scores.Sum())]);
    }

    private static ScoredTexts Texts(IEnumerable<(int[] Labels, double[] Scores)> rows, int classes, ProblemType problemType)
    {
        var texts = new ScoredTexts(classes, problemType, Calibration.None);
        foreach (var (labels, scores) in rows)
        {
            texts.Add(labels, scores);
        }

        return texts;
    }

    private static void AssertNear(System.Text.Json.JsonElement expected, Interval? actual, double tolerance, string what)
    {
        Assert.NotNull(actual);
        var (low, high) = (expected[0].GetDouble(), expected[1].GetDouble());
        var largest = Math.Max(Math.Abs(low - actual.Value.Low), Math.Abs(high - actual.Value.High));
        Assert.True(largest <= tolerance, $"{what}: expected {low} to {high}, found {actual.Value.Low} to {actual.Value.High}, largest difference {largest}");
    }
}
