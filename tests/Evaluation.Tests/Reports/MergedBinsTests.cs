using LoraOnnx.Evaluation.Reports.Page;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Tests.Reports;

public sealed class MergedBinsTests
{
    [Fact]
    public void Bins_with_few_answers_are_drawn_together_with_their_neighbours()
    {
        ReliabilityBin[] bins =
            [new(0.4, 0.5, 3, 0.45, 1.0 / 3), new(0.5, 0.6, 9, 0.55, 5.0 / 9), new(0.6, 0.7, 0, 0, 0), new(0.7, 0.8, 60, 0.75, 0.8),
                new(0.8, 0.9, 4, 0.85, 0.5)];

        var merged = ScoresSection.Merged(bins);

        Assert.Equal([(0.4, 0.6, 12L), (0.7, 0.9, 64L)], merged.Select(bin => (bin.From, bin.To, bin.Count)));
        Assert.Equal(0.5, merged[0].Accuracy, 1e-12);
        Assert.Equal(((3 * 0.45) + (9 * 0.55)) / 12, merged[0].MeanConfidence, 1e-12);
        Assert.Equal(bins.Sum(bin => bin.Count * bin.Accuracy), merged.Sum(bin => bin.Count * bin.Accuracy), 1e-9);
    }
}
