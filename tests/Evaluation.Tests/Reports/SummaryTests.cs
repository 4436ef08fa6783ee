using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Evaluation.Tests.Support;

namespace LoraOnnx.Evaluation.Tests.Reports;

/// <summary>The sentences at the top of a report.</summary>
public sealed class SummaryTests : IDisposable
{
    private readonly TinyModel _model = new();

    public void Dispose() => _model.Dispose();

    /// <summary>Of 8 texts that one model alone is right about, 8 (p 0.0078) are more than a fair coin gives, 4 are not.</summary>
    [Theory]
    [InlineData(0.01, 0.03, 8, "two beats one by 2.00 points", "p = 0.0078), more than chance explains. ")]
    [InlineData(0.01, 0.03, 4, "two beats one by 2.00 points",
        "p = 1.0000), more than chance explains; chance may explain how many texts are right. ")]
    [InlineData(-0.01, 0.05, 8, "two may be ahead of one", "p = 0.0078), which chance may explain, but not how many texts are right. ")]
    [InlineData(-0.01, 0.05, 4, "two may be ahead of one", "p = 1.0000), which chance may explain on a test set of this size. ")]
    public async Task What_is_said_of_F1_is_what_its_interval_says(double low, double high, int onlySecond, string headline, string verdict)
    {
        var (report, _) = await TinyModels.CompareAsync(new CompareOptions
        {
            Models = TinyModels.Arguments([$"one={_model.Checkpoint}", $"two={_model.Run("run")}"]),
            Data = TinyTexts.Write(_model.Folder, 20),
            Resamples = 20,
        });
        ModelReport[] rising = [.. report.Models.OrderBy(model => model.Figures.F1)];
        var differences = report.Models[1].ToFirst!.Differences.ToDictionary(pair => pair.Key, // the keys of another dictionary
            pair => pair.Key == Figure.F1 ? new Difference(0.02, new Interval(low, high)) : pair.Value);
        ModelReport[] models =
        [
            rising[0] with { Name = "one", ToFirst = null },
            rising[1] with { Name = "two", ToFirst = new ComparisonToFirst(differences, new McNemar(8 - onlySecond, onlySecond)) },
        ];

        Assert.StartsWith(headline, Summary.Headline(models), StringComparison.Ordinal);
        Assert.Contains(verdict, Summary.Of(models), StringComparison.Ordinal);
    }
}
