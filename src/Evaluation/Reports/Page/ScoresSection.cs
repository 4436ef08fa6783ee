using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Reports.Pages;
using LoraOnnx.Reports.Plots;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>What the scores are worth: the ROC curve (do they rank?) and the reliability curve (do they mean what they say?).</summary>
internal static class ScoresSection
{
    /// <summary>A dot of fewer answers says next to nothing.</summary>
    private const int FewestAnswers = 10;

    /// <summary>Of all answers.</summary>
    private const double SmallestShare = 0.02;

    public static ScoreCurves Of(ComparisonReport report)
    {
        var ranked = report.Models.Where(model => model.Roc.Count > 0).ToList();
        return new ScoreCurves(
            ranked.Count == 0 ? null : Roc(report, ranked),
            [.. report.Models.Select(model => Calibration(report, model))],
            new Table("Answers by how sure the model was", ["confidence", "model", "answers", "mean confidence %", "right %"],
                [.. ReliabilityRows(report)])
            {
                Words = new HashSet<int> { 1 },
            },
            ranked.Count == 0 ? null : RocTable(report, ranked));
    }

    /// <summary>Neighbouring bins until each has answers enough to be drawn.</summary>
    public static IReadOnlyList<ReliabilityBin> Merged(IReadOnlyList<ReliabilityBin> bins)
    {
        var fewest = Math.Max(FewestAnswers, SmallestShare * bins.Sum(bin => bin.Count));
        var merged = new List<ReliabilityBin>();
        foreach (var bin in bins.Where(bin => bin.Count > 0))
        {
            if (merged.Count > 0 && merged[^1].Count < fewest)
            {
                merged[^1] = Together(merged[^1], bin);
            }
            else
            {
                merged.Add(bin);
            }
        }

        if (merged.Count > 1 && merged[^1].Count < fewest)
        {
            merged[^2] = Together(merged[^2], merged[^1]);
            merged.RemoveAt(merged.Count - 1);
        }

        return merged;
    }

    private static ReliabilityBin Together(ReliabilityBin low, ReliabilityBin high)
    {
        var count = low.Count + high.Count;
        double Mean(double first, double second) => ((low.Count * first) + (high.Count * second)) / count;
        return new ReliabilityBin(low.From, high.To, count, Mean(low.MeanConfidence, high.MeanConfidence), Mean(low.Accuracy, high.Accuracy));
    }

    private static Drawing Roc(ComparisonReport report, List<ModelReport> ranked) => new(
        $"ROC: how well scores rank {(report.IsBinary ? report.Labels[1] : "each label, on average,")} above the rest",
        new Plot("ROC curves", Axis.Shares("false positive rate"), Axis.Shares("true positive rate"),
            [.. ranked.Select(
                model => new Series(Shown.PlaceOf(report, model),
                    [.. model.Roc.Select(point => new PlotPoint(point.FalsePositiveRate, point.TruePositiveRate))]))])
        {
            Height = 330,
            HasDiagonal = true,
        },
        [.. ranked.Select(model => new Line(Shown.Name(report, model), $" area {Numbers.Figure(Figure.RocAuc, model.Figures.RocAuc)}"))]);

    private static Drawing Calibration(ComparisonReport report, ModelReport model)
    {
        var bins = Merged([.. model.Reliability.Select(point => point.Bin)]);
        double answers = bins.Sum(bin => bin.Count);
        return new Drawing($"right as often as sure? Calibration error {Numbers.Figure(Figure.CalibrationError, model.Figures.CalibrationError)}",
            new Plot($"Calibration curve of {model.Name}", Axis.Shares("confidence"), Axis.Shares("share of right answers"),
                [new Series(Shown.PlaceOf(report, model), [.. bins.Select(bin => Dot(bin, answers))])])
            {
                Height = 330,
                HasDiagonal = true,
            },
            [])
        {
            Model = Shown.Name(report, model),
        };
    }

    private static PlotPoint Dot(ReliabilityBin bin, double answers)
    {
        var interval = CountInterval.Of((long)Math.Round(bin.Count * bin.Accuracy), bin.Count);
        return new PlotPoint(bin.MeanConfidence, bin.Accuracy)
        {
            Radius = 2 + (7 * Math.Sqrt(bin.Count / answers)),
            Interval = (interval.Low / bin.Count, interval.High / bin.Count),
        };
    }

    private static IEnumerable<Cell[]> ReliabilityRows(ComparisonReport report) =>
        from row in report.Models.SelectMany(
            model => model.Reliability.Select((point, index) => (model, point, At: $"{Shown.PointerTo(model)}/reliability/{index}")))
        orderby row.point.Bin.From
        select new Cell[]
        {
            new(new Line(
                Shown.Number($"{row.At}/from", Numbers.Text(row.point.Bin.From, "0.0000")), " to ",
                Shown.Number($"{row.At}/to", Numbers.Text(row.point.Bin.To, "0.0000")))),
            Shown.Name(report, row.model),
            Shown.Number($"{row.At}/answers", Numbers.Count(row.point.Bin.Count)),
            Share(row.At, "mean_confidence", row.point.Bin.MeanConfidence, row.point.MeanConfidence),
            Share(row.At, "accuracy", row.point.Bin.Accuracy, row.point.Accuracy),
        };

    private static Cell Share(string at, string key, double value, Interval? interval) => new(
        new Line(Shown.Number($"{at}/{key}", Shown.Percent(value))),
        new Line(Shown.Range($"{at}/intervals/{key}", interval, Shown.Percent)) { IsSmall = true });

    /// <summary>All models have their points at the same rates: one number on the page is that of each.</summary>
    private static Table RocTable(ComparisonReport report, List<ModelReport> ranked)
    {
        string At(ModelReport model, int point) => $"{Shown.PointerTo(model)}/roc/{point}";
        return new Table("ROC curves", ["false positives %", .. ranked.Select(model => (Cell)Shown.Name(report, model))],
            [.. Enumerable.Range(0, ranked[0].Roc.Count).Select(point => (Cell[])
            [
                new Piece(Shown.Percent(ranked[0].Roc[point].FalsePositiveRate))
                {
                    Pointers = [.. ranked.Select(model => $"{At(model, point)}/false_positive_rate")],
                },
                .. ranked.Select(
                    model => (Cell)Shown.Number($"{At(model, point)}/true_positive_rate", Shown.Percent(model.Roc[point].TruePositiveRate))),
            ])]);
    }
}
