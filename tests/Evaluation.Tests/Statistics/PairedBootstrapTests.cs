using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model;
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
            Assert.Equal(pair.Expected.GetProperty("f1_first").GetDouble(), CountFigures.Of(pair.First).F1, 1e-12);
            Assert.Equal(pair.Expected.GetProperty("f1_second").GetDouble(), CountFigures.Of(pair.Second).F1, 1e-12);
            var tolerance = pair.Count >= 400 ? ChanceTolerance : expected.GetProperty("tolerance").GetDouble();

            var intervals = PairedBootstrap.Run([pair.First, pair.Second], 42, Resampling.DefaultCount(pair.Count), 2, CancellationToken.None);

            AssertNear(expected.GetProperty("f1_first"), intervals[0].Figures[Figure.F1], tolerance, $"{pair.Count} texts, first");
            AssertNear(expected.GetProperty("f1_second"), intervals[1].Figures[Figure.F1], tolerance, $"{pair.Count} texts, second");
            AssertNear(expected.GetProperty("difference"), intervals[1].Differences[Figure.F1], tolerance, $"{pair.Count} texts, difference");
        }
    }

    [Fact]
    public void The_number_of_threads_changes_nothing()
    {
        var pair = GoldenPair.All[0];

        var one = PairedBootstrap.Run([pair.First, pair.Second], 7, 500, 1, CancellationToken.None);
        var three = PairedBootstrap.Run([pair.First, pair.Second], 7, 500, 3, CancellationToken.None);

        Assert.Equal(one[1].Figures, three[1].Figures);
        Assert.Equal(one[1].Differences, three[1].Differences);
        Assert.Equal(one[1].Reliability, three[1].Reliability);
    }

    [Fact]
    public void Another_seed_gives_other_draws()
    {
        var pair = GoldenPair.All[0];

        var seven = PairedBootstrap.Run([pair.First], 7, 500, 2, CancellationToken.None);
        var eight = PairedBootstrap.Run([pair.First], 8, 500, 2, CancellationToken.None);

        Assert.NotEqual(seven[0].Figures[Figure.Brier], eight[0].Figures[Figure.Brier]);
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
            Assert.True(Math.Abs(Figure.All[i].Of(expected)!.Value - values[i]) < 1e-6,
                $"{Figure.All[i].Key}: expected {Figure.All[i].Of(expected)}, found {values[i]}");
        }

        var points = expected.Reliability.Where(bin => bin.Count > 0).SelectMany(bin => new[] { bin.MeanConfidence, bin.Accuracy }).ToList();
        var drawn = values[Figure.All.Count..].Where(value => !double.IsNaN(value)).ToList(); // not a number where no text of a bin was drawn
        Assert.Equal(points.Count, drawn.Count);
        var largest = points.Zip(drawn).Max(pair => Math.Abs(pair.First - pair.Second));
        Assert.True(largest < 1e-6, $"the largest difference of a point of the reliability curve is {largest}");
    }

    [Fact]
    public void A_point_of_the_reliability_curve_is_as_uncertain_as_its_answers_are_few()
    {
        // Two points: 900 answers with confidence 0.95, 90 % right, and 100 with 0.65, half right. By the normal approximation the half width is
        // 1.96·√(p·(1-p)/n).
        var texts = new ScoredTexts(2, ProblemType.SingleLabel, Calibration.None);
        for (var text = 0; text < 1000; text++)
        {
            var (confidence, right) = text < 900 ? (0.95, text % 10 != 0) : (0.65, text % 2 != 0);
            texts.Add([right ? 1 : 0], [1 - confidence, confidence]);
        }

        var curve = PairedBootstrap.Run([texts], 42, 10_000, 2, CancellationToken.None)[0].Reliability;

        Assert.Equal(2, curve.Count);
        AssertAround(0.5, 1.96 * Math.Sqrt(0.5 * 0.5 / 100), curve[0].Accuracy!.Value);
        AssertAround(0.9, 1.96 * Math.Sqrt(0.9 * 0.1 / 900), curve[1].Accuracy!.Value);
        AssertAround(0.65, 0, curve[0].MeanConfidence!.Value);
    }

    [Fact]
    public void A_resample_without_positives_is_left_out_of_ROC_AUC()
    {
        var texts = new ScoredTexts(2, ProblemType.SingleLabel, Calibration.None);
        texts.Add([1], [0.1, 0.9]);
        texts.Add([0], [0.6, 0.4]);

        var interval = PairedBootstrap.Run([texts], 1, 200, 2, CancellationToken.None)[0].Figures[Figure.RocAuc];

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

    private static void AssertAround(double middle, double halfWidth, Interval actual)
    {
        var largest = Math.Max(Math.Abs(middle - halfWidth - actual.Low), Math.Abs(middle + halfWidth - actual.High));
        Assert.True(largest < 0.005,
            $"expected {middle - halfWidth} to {middle + halfWidth}, found {actual.Low} to {actual.High}, largest difference {largest}");
    }

    private static void AssertNear(System.Text.Json.JsonElement expected, Interval? actual, double tolerance, string what)
    {
        Assert.NotNull(actual);
        var (low, high) = (expected[0].GetDouble(), expected[1].GetDouble());
        var largest = Math.Max(Math.Abs(low - actual.Value.Low), Math.Abs(high - actual.Value.High));
        Assert.True(largest <= tolerance,
            $"{what}: expected {low} to {high}, found {actual.Value.Low} to {actual.Value.High}, largest difference {largest}");
    }
}
