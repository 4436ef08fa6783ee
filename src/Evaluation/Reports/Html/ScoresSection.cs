using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>What the scores are worth: the ROC curve (do they rank?) and the reliability curve (do they mean what they say?).</summary>
internal static class ScoresSection
{
    public static string Of(ComparisonReport report) => Markup.Section("What the scores are worth", "",
        $"""
        <div class="grid-of">
        <figure><figcaption>ROC: how well scores rank {Markup.Text(report.IsBinary ? report.Labels[1] : "each label, on average,")} above the rest</figcaption>{Roc(report)}{Legend(report, Figure.RocAuc, "area")}</figure>
        <figure><figcaption>Calibration: right as often as sure? On the diagonal a score means what it says; larger dots are more texts</figcaption>{Calibration(report)}{Legend(report, Figure.CalibrationError, "error")}</figure>
        </div>
        <details open><summary>The calibration curve in numbers</summary>
        {Markup.Table(["confidence", "model", "answers", "mean confidence %", "right %"], ReliabilityRows(report))}
        </details>
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
            var bins = model.Figures.Reliability.Where(bin => bin.Count > 0).ToList();
            double answers = bins.Sum(bin => bin.Count);
            plot.Curve(Markup.ColourOf(report, model), bins.Select(bin => (bin.MeanConfidence, bin.Accuracy)));
            foreach (var bin in bins)
            {
                plot.Dot(Markup.ColourOf(report, model), (bin.MeanConfidence, bin.Accuracy), 2 + (7 * Math.Sqrt(bin.Count / answers)));
            }
        }

        return plot.End();
    }

    private static string Legend(ComparisonReport report, Figure figure, string what) =>
        $"<ul class=\"legend\">{string.Concat(report.Models.Select(model => $"<li>{Markup.Name(report, model)} {what} {Numbers.Figure(figure, figure.Of(model.Figures))}</li>"))}</ul>";

    private static IEnumerable<IEnumerable<string>> ReliabilityRows(ComparisonReport report) =>
        from row in report.Models.SelectMany(model => model.Figures.Reliability.Where(bin => bin.Count > 0).Select((bin, index) => (model, bin, At: $"{Markup.PointerTo(model)}/reliability/{index}")))
        orderby row.bin.From
        select new[]
        {
            $"{Markup.Number($"{row.At}/from", Numbers.Text(row.bin.From, "0.0000"))} to {Markup.Number($"{row.At}/to", Numbers.Text(row.bin.To, "0.0000"))}",
            Markup.Name(report, row.model),
            Markup.Number($"{row.At}/answers", Numbers.Count(row.bin.Count)),
            Markup.Number($"{row.At}/mean_confidence", Markup.Percent(row.bin.MeanConfidence)),
            Markup.Number($"{row.At}/accuracy", Markup.Percent(row.bin.Accuracy)),
        };
}
