using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Model.Tests.Metrics;

public sealed class F1IntervalTests
{
    /// <summary>40,000 paired resamples of the texts behind these counts gave 90.18 to 96.60.</summary>
    [Fact]
    public void Counts_alone_give_the_interval_that_resampled_texts_give()
    {
        var (low, high) = F1Interval.Of(new ConfusionMatrix(new long[,] { { 115, 5 }, { 10, 110 } }));

        Assert.Equal(0.9018, low, 0.005);
        Assert.Equal(0.9660, high, 0.005);
    }

    [Fact]
    public void A_model_that_is_always_right_has_no_other_F1() =>
        Assert.Equal((1.0, 1.0), F1Interval.Of(new ConfusionMatrix(new long[,] { { 3, 0 }, { 0, 4 } })));

    /// <summary>With one label a text that is right or not, micro F1 is accuracy: 30 of 40 texts, whose binomial 2.5 % and 97.5 % points are
    /// 24 and 35.</summary>
    [Fact]
    public void Sets_of_labels_give_the_interval_of_micro_F1()
    {
        var texts = new ScoredTexts(2, ProblemType.MultiLabel, Calibration.None);
        for (var text = 0; text < 40; text++)
        {
            texts.AddLogits([0], text < 30 ? [1, -1] : [-1, 1]);
        }

        var sets = LabelSetCount.Of(texts);

        Assert.Equal([new LabelSetCount(0, 1, 1, 10), new LabelSetCount(1, 0, 0, 30)], sets);
        var (low, high) = F1Interval.Of(sets);
        Assert.Equal(24 / 40.0, low, 0.026);
        Assert.Equal(35 / 40.0, high, 0.026);
    }

    [Fact]
    public void Rows_give_the_matrix_back()
    {
        var matrix = ConfusionMatrix.Of(new ConfusionMatrix(new long[,] { { 1, 2 }, { 3, 4 } }).Rows);

        Assert.Equal((1L, 2L, 3L, 4L), (matrix[0, 0], matrix[0, 1], matrix[1, 0], matrix[1, 1]));
    }
}
