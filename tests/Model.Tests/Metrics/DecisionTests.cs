using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Model.Tests.Metrics;

public sealed class DecisionTests
{
    [Fact]
    public void Of_several_labels_the_answer_is_the_highest_score_whatever_the_threshold()
    {
        var decision = new Calibration { Threshold = 0.9 }.Decide([0.3, 0.8], ProblemType.MultiLabel);

        Assert.Equal(1, decision.Label);
        Assert.Empty(decision.Holding);
    }

    [Fact]
    public void Labels_hold_from_their_own_thresholds_on()
    {
        var decision = new Calibration { Thresholds = [0.25, 0.9, 0.5] }.Decide([0.3, 0.8, 0.5], ProblemType.MultiLabel);

        Assert.Equal(1, decision.Label);
        Assert.Equal([0, 2], decision.Holding);
    }

    [Fact]
    public void A_single_label_is_decided_by_the_threshold_and_is_all_that_holds()
    {
        var decision = new Calibration { Threshold = 0.9 }.Decide([0.2, 0.8], ProblemType.SingleLabel);

        Assert.Equal(0, decision.Label);
        Assert.Equal([0], decision.Holding);
    }
}
