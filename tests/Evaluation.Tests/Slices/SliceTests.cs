using LoraOnnx.Evaluation.Scoring;
using LoraOnnx.Evaluation.Slices;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Tests.Slices;

public sealed class SliceTests
{
    [Fact]
    public void Lengths_are_short_middle_near_the_limit_and_cut()
    {
        var scores = Scores([(2, false, 0), (25, false, 1), (26, false, 0), (75, false, 1), (76, false, 0), (100, false, 1), (100, true, 0)]);

        var slices = SliceCutter.Cut(scores, 100, ["NO", "YES"]).Where(slice => slice.Kind == SliceCutter.Length).ToList();

        Assert.Equal([("short", "0,1"), ("middle", "2,3"), ("near_limit", "4,5"), ("cut", "6")],
            slices.Select(slice => (slice.Value, string.Join(',', slice.Texts))));
    }

    [Fact]
    public void Labels_and_columns_are_slices_and_rare_values_are_one()
    {
        var scores = Scores([.. Enumerable.Range(0, 60).Select(text => (10, false, text % 2))], text => text < 20
            ? "war"
            : text < 30 ? "" : $"rare {text}");

        var slices = SliceCutter.Cut(scores, 100, ["NO", "YES"]);

        Assert.Equal([("label", "NO", 30), ("label", "YES", 30)],
            slices.Where(slice => slice.Kind == "label").Select(slice => (slice.Kind, slice.Value, slice.Texts.Count)));
        var genres = slices.Where(slice => slice.Kind == "genre").ToList();
        Assert.Equal(SliceCutter.MostValues, genres.Count);
        Assert.Equal(("war", 20), (genres[0].Value, genres[0].Texts.Count));
        Assert.Equal(("", "(no value)", 10), (genres[1].Value, genres[1].Title, genres[1].Texts.Count));
        Assert.Equal(("(other)", 13), (genres[^1].Value, genres[^1].Texts.Count));
        Assert.Equal(60, genres.Sum(slice => slice.Texts.Count));
    }

    [Fact]
    public void A_model_that_is_right_where_the_first_is_wrong_gains()
    {
        var texts = Enumerable.Range(0, 40).ToList();
        var first = Texts(texts.Select(text => text < 30));
        var better = Texts(texts.Select(_ => true));
        var worse = Texts(texts.Select(text => text < 10));
        var same = Texts(texts.Select(text => text < 30));

        var report = SliceReport.Of(new Slice("genre", "war", "war", texts), [first, better, worse, same], seed: 1, resamples: 500, threads: 2,
            CancellationToken.None);

        Assert.Equal([null, "gains", "loses", null], report.Models.Select(model => model.Verdict));
        Assert.Equal([0.75, 1, 0.25, 0.75], report.Models.Select(model => model.Accuracy));
        Assert.Equal(0.25, report.Models[1].Difference!.Value, 1e-12);
        // Ten gains of 40: the share of a resample has a standard deviation of 0.068.
        Assert.InRange(report.Models[1].Interval!.Value.Low, 0.1, 0.15);
        Assert.InRange(report.Models[1].Interval!.Value.High, 0.35, 0.4);
    }

    private static TestScores Scores(IReadOnlyList<(int Tokens, bool Truncated, int Label)> texts, Func<int, string>? genre = null)
    {
        var scores = new TestScores
        {
            Columns = genre is null ? new Dictionary<string, List<string>>() : new Dictionary<string, List<string>>
            {
                ["genre"] = [.. Enumerable.Range(0, texts.Count).Select(genre)],
            },
            Models = [new ModelScores()],
        };
        foreach (var (tokens, truncated, label) in texts)
        {
            scores.Labels.Add([label]);
            scores.Models[0].Tokens.Add(tokens);
            scores.Models[0].Truncated.Add(truncated);
        }

        return scores;
    }

    private static ScoredTexts Texts(IEnumerable<bool> rights)
    {
        var texts = new ScoredTexts(2, ProblemType.SingleLabel, Calibration.None);
        foreach (var right in rights)
        {
            texts.Add([1], right ? [0.2, 0.8] : [0.8, 0.2]);
        }

        return texts;
    }
}
