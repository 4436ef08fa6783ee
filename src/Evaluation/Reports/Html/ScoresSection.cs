using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>What the scores are worth: the ROC curve (do they rank?) and the reliability curve (do they mean what they say?).</summary>
internal static class ScoresSection
{
    public static string Of(ComparisonReport report) => Markup.Section("What the scores are worth", "",
        $"""
        <div class="grid-of">
        <figure><figcaption>ROC: how well scores rank {Markup.Text(report.IsBinary ? report.Labels[1] : "each label, on average,")} above the rest</figcaption>{Roc(report)}{Legend(report, Figure.RocAuc, "area")}</figure>
        <figure><figcaption>Calibration: right as often as sure? On the diagonal a score means what it says; larger dots are more texts, lines their 95 % intervals</figcaption>{Calibration(report)}{Legend(report, Figure.CalibrationError, "error")}</figure>
        </div>
        <details open><summary>The calibration curve in numbers</summary>
        <p class="note">Below each share its 95 % interval; that of a handful of answers is too narrow.</p>
        {Markup.Table(["confidence", "model", "answers", "mean confidence %", "right %"], ReliabilityRows(report))}
        </details>
        {RocTable(report)}
        """);

    private static string Roc(ComparisonReport report)
    {
        var plot = new Plot("ROC curves", 330, (0, 1), (0, 1)).Axes("false positive rate", Plot.Quarters, "true positive rate", Plot.Quarters).Segment("diagonal", (0, 0), (1, 1));
        foreach (var model in report.Models.Where(model => model.Roc.Count > 0))
        {
            plot.Curve(Markup.ColourOf(report, model), model.Roc);
        }

        return plot.End();
    }

    private static string Calibration(ComparisonReport report)
    {
        var plot = new Plot("Reliability curves", 330, (0, 1), (0, 1)).Axes("confidence", Plot.Quarters, "share of right answers", Plot.Quarters).Segment("diagonal", (0, 0), (1, 1));
        foreach (var model in report.Models)
        {
            var colour = Markup.ColourOf(report, model);
            double answers = model.Reliability.Sum(point => point.Bin.Count);
            plot.Curve(colour, model.Reliability.Select(point => (point.Bin.MeanConfidence, point.Bin.Accuracy)));
            foreach (var (bin, _, accuracy) in model.Reliability)
            {
                plot.Segment($"bar {colour}", (bin.MeanConfidence, accuracy?.Low ?? bin.Accuracy), (bin.MeanConfidence, accuracy?.High ?? bin.Accuracy));
                plot.Dot(colour, (bin.MeanConfidence, bin.Accuracy), 2 + (7 * Math.Sqrt(bin.Count / answers)));
            }
        }

        return plot.End();
    }

    private static string Legend(ComparisonReport report, Figure figure, string what) =>
        $"<ul class=\"legend\">{string.Concat(report.Models.Select(model => $"<li>{Markup.Name(report, model)} {what} {Numbers.Figure(figure, figure.Of(model.Figures))}</li>"))}</ul>";

    private static IEnumerable<IEnumerable<string>> ReliabilityRows(ComparisonReport report) =>
        from row in report.Models.SelectMany(model => model.Reliability.Select((point, index) => (model, point, At: $"{Markup.PointerTo(model)}/reliability/{index}")))
        orderby row.point.Bin.From
        select new[]
        {
            $"{Markup.Number($"{row.At}/from", Numbers.Text(row.point.Bin.From, "0.0000"))} to {Markup.Number($"{row.At}/to", Numbers.Text(row.point.Bin.To, "0.0000"))}",
            Markup.Name(report, row.model),
            Markup.Number($"{row.At}/answers", Numbers.Count(row.point.Bin.Count)),
            Share(row.At, "mean_confidence", row.point.Bin.MeanConfidence, row.point.MeanConfidence),
            Share(row.At, "accuracy", row.point.Bin.Accuracy, row.point.Accuracy),
        };

    private static string Share(string at, string key, double value, Interval? interval) =>
        $"{Markup.Number($"{at}/{key}", Markup.Percent(value))}<small>{Markup.Range($"{at}/intervals/{key}", interval, Markup.Percent)}</small>";

    private static string RocTable(ComparisonReport report)
    {
        var models = report.Models.Where(model => model.Roc.Count > 0).ToList();
        if (models.Count == 0)
        {
            return "";
        }

        string At(ModelReport model, int point) => $"{Markup.PointerTo(model)}/roc/{point}";
        // All models have their points at the same rates: one number on the page is that of each.
        string Rate(int point) => models.Aggregate(Markup.Percent(models[0].Roc[point].FalsePositiveRate), (shown, model) => $"<span data-json=\"{Markup.Text($"{At(model, point)}/false_positive_rate")}\">{shown}</span>");
        var rows = Enumerable.Range(0, models[0].Roc.Count)
            .Select(point => models.Select(model => Markup.Number($"{At(model, point)}/true_positive_rate", Markup.Percent(model.Roc[point].TruePositiveRate))).Prepend(Rate(point)));
        return $"""
            <details open class="long"><summary>The ROC curve in numbers</summary>
            <p class="note">How many of the positives are found (in percent) at the threshold that takes this many of the negatives for positives.</p>
            {Markup.Table(models.Select(model => Markup.Name(report, model)).Prepend("false positives %"), rows)}
            </details>
            """;
    }
}
