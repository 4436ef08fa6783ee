using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Model.Tests.Metrics;

public sealed class ClassificationFiguresTests
{
    /// <summary>Both sides compute in double and sum in different orders.</summary>
    private const double Tolerance = 1e-12;

    [Fact]
    public void An_answer_that_is_no_number_is_refused()
    {
        var texts = new ScoredTexts(2, ProblemType.SingleLabel, Calibration.None);
        texts.AddLogits([0], [1, 2]);

        Assert.Contains("answer to text 2 is not a number", Assert.Throws<InputException>(() => texts.AddLogits([0], [float.NaN, 0])).Message,
            StringComparison.Ordinal);
        Assert.Throws<InputException>(() => texts.AddLogits([0], [float.PositiveInfinity, 0]));
    }

    [Fact]
    public void Figures_of_two_classes_equal_scikit_learns()
    {
        var cases = GoldenMetrics.Binary().ToList();

        Assert.Equal(8, cases.Count);
        foreach (var golden in cases)
        {
            var figures = ClassificationFigures.Of(golden.Texts);
            AssertNear(golden, "accuracy", figures.Accuracy);
            AssertNear(golden, "precision", figures.Precision);
            AssertNear(golden, "recall", figures.Recall);
            AssertNear(golden, "f1", figures.F1);
            AssertNear(golden, "macro_f1", figures.MacroF1);
            AssertNear(golden, "matthews", figures.Matthews);
            AssertNear(golden, "log_loss", figures.LogLoss);
            AssertNear(golden, "brier", figures.Brier);
            AssertNear(golden, "roc_auc", figures.RocAuc);
            AssertNear(golden, "average_precision", figures.AveragePrecision);
            AssertNear(golden, "expected_calibration_error_15_bins", figures.CalibrationError);
            AssertConfusion(golden, figures.Confusion!);
        }
    }

    [Fact]
    public void Figures_of_more_classes_equal_scikit_learns()
    {
        foreach (var golden in GoldenMetrics.MultiClass())
        {
            var figures = ClassificationFigures.Of(golden.Texts);
            AssertNear(golden, "accuracy", figures.Accuracy);
            AssertNear(golden, "macro_f1", figures.MacroF1);
            AssertNear(golden, "macro_f1", figures.F1);
            AssertNear(golden, "weighted_f1", figures.WeightedF1);
            AssertNear(golden, "log_loss", figures.LogLoss);
            AssertConfusion(golden, figures.Confusion!);
            var perClass = golden.Expected.GetProperty("per_class_f1").EnumerateArray().Select(value => value.GetDouble()).ToList();
            for (var label = 0; label < perClass.Count; label++)
            {
                Assert.Equal(perClass[label], figures.PerLabel[label].F1(1), Tolerance);
            }
        }
    }

    [Fact]
    public void A_class_that_never_occurs_does_not_count_in_macro_averages()
    {
        // Labels 0 0 1, answers 0 1 1 of a three-class model: F1 is 2/3 for class 0 and for class 1; scikit-learn leaves class 2 out.
        var texts = new ScoredTexts(3, ProblemType.SingleLabel, Calibration.None);
        texts.Add([0], [0.8, 0.1, 0.1]);
        texts.Add([0], [0.1, 0.8, 0.1]);
        texts.Add([1], [0.1, 0.8, 0.1]);

        var figures = ClassificationFigures.Of(texts);

        Assert.Equal(2.0 / 3, figures.F1, Tolerance);
        Assert.Null(figures.RocAuc);
    }

    [Fact]
    public void A_multi_label_model_has_micro_f1_and_counts_whole_sets_in_accuracy()
    {
        // Held: {0} {0,1} {} {1}; answered: {0} {0} {} {0,1}. Pairs: 3 true positives, 1 false positive, 1 false negative.
        var texts = new ScoredTexts(2, ProblemType.MultiLabel, Calibration.None);
        texts.Add([0], [0.9, 0.2]);
        texts.Add([0, 1], [0.8, 0.4]);
        texts.Add([], [0.1, 0.1]);
        texts.Add([1], [0.5, 0.7]);

        var figures = ClassificationFigures.Of(texts);

        Assert.Equal(0.75, figures.F1, Tolerance);
        Assert.Equal(0.75, figures.Precision, Tolerance);
        Assert.Equal(0.75, figures.Recall, Tolerance);
        Assert.Equal(0.5, figures.Accuracy, Tolerance);
        Assert.Equal(((4.0 / 5) + (2.0 / 3)) / 2, figures.MacroF1, Tolerance);
        Assert.Equal(1.0, figures.RocAuc!.Value, Tolerance);
        Assert.Null(figures.Confusion);
    }

    [Fact]
    public void Equal_logits_answer_the_first_class_and_a_threshold_includes_its_own_value()
    {
        Assert.Equal(0, Calibration.None.Predict([0.5, 0.5]));
        Assert.Equal(1, new Calibration { Threshold = 0.5 }.Predict([0.5, 0.5]));
        Assert.Equal(1, new Calibration { Threshold = 0.2 }.Predict([0.7, 0.3]));
    }

    [Theory]
    [InlineData(0.0, 0), InlineData(1.0, 14), InlineData(0.5, 7), InlineData(0.2, 2), InlineData(0.8, 11), InlineData(0.8000001, 12)]
    public void A_confidence_on_an_edge_belongs_to_the_bin_below(double confidence, int bin) => Assert.Equal(bin, Reliability.BinOf(confidence));

    private static void AssertNear(GoldenCase golden, string name, double? actual)
    {
        var expected = golden.Figure(name);
        if (expected is null)
        {
            Assert.True(actual is null, $"{golden.Name}, {name}: scikit-learn gives none, found {actual}");
            return;
        }

        Assert.True(actual is { } value
            && Math.Abs(value - expected.Value) <= Tolerance,
            $"{golden.Name}, {name}: expected {expected}, found {actual}, difference {actual - expected}");
    }

    private static void AssertConfusion(GoldenCase golden, ConfusionMatrix actual)
    {
        var rows = golden.Expected.GetProperty("confusion_matrix").EnumerateArray()
            .Select(row => row.EnumerateArray().Select(value => value.GetInt64()).ToArray()).ToArray();
        for (var label = 0; label < rows.Length; label++)
        {
            Assert.Equal(rows[label], Enumerable.Range(0, rows.Length).Select(predicted => actual[label, predicted]));
        }
    }
}
