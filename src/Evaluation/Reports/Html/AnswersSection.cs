using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>Confusion matrices, and the figures of each label.</summary>
internal static class AnswersSection
{
    public static string Of(ComparisonReport report)
    {
        var matrices = report.Models.Where(model => model.Figures.Confusion is not null).Select(model => Matrix(report, model, model.Figures.Confusion!)).ToList(); // filtered
        return (matrices.Count == 0 ? "" : Markup.Section("Confusion matrices", "Rows are what the data says, columns what the model says; below each count its 95 % interval.",
                $"<div class=\"grid-of\">{string.Concat(matrices)}</div>"))
            + Markup.Section("By label", "In percent.", Markup.Table(
                ["label", "model", "texts", "F1", "precision", "recall"],
                report.Labels.SelectMany((label, index) => report.Models.Select(model => LabelRow(report, model, label, model.Figures.PerLabel[index])))));
    }

    private static string Matrix(ComparisonReport report, ModelReport model, ConfusionMatrix confusion)
    {
        var heading = report.Labels.Select(Markup.Text).Prepend("");
        var rows = Enumerable.Range(0, confusion.Classes).Select(actual => new[] { Markup.Text(report.Labels[actual]) }
            .Concat(Enumerable.Range(0, confusion.Classes).Select(predicted => Cell(model, confusion, actual, predicted))));
        return $"<figure><figcaption>{Markup.Name(report, model)}</figcaption>{Markup.Table(heading, rows)}</figure>";
    }

    private static string Cell(ModelReport model, ConfusionMatrix confusion, int actual, int predicted)
    {
        var at = Markup.PointerTo(model);
        var share = confusion.Support(actual) == 0 ? 0 : (double)confusion[actual, predicted] / confusion.Support(actual);
        var interval = Markup.Range($"{at}/confusion_matrix_intervals/{actual}/{predicted}", CountInterval.Of(confusion[actual, predicted], confusion.Total), end => Numbers.Text(end, "#,0"));
        return $"<div class=\"heat {(actual == predicted ? "right" : "wrong")}\" style=\"--share:{Numbers.Text(share, "0.00")}\">"
            + $"{Markup.Number($"{at}/confusion_matrix/{actual}/{predicted}", Numbers.Count(confusion[actual, predicted]))}<small>{interval}</small></div>";
    }

    private static IEnumerable<string> LabelRow(ComparisonReport report, ModelReport model, string label, ConfusionMatrix holds)
    {
        var at = $"{Markup.PointerTo(model)}/per_label/{Markup.Pointer(label)}";
        return
        [
            Markup.Text(label),
            Markup.Name(report, model),
            Markup.Number($"{at}/texts", Numbers.Count(holds.Support(1))),
            Markup.Number($"{at}/f1", Numbers.Figure(Figure.F1, holds.F1(1))),
            Markup.Number($"{at}/precision", Numbers.Figure(Figure.Precision, holds.Precision(1))),
            Markup.Number($"{at}/recall", Numbers.Figure(Figure.Recall, holds.Recall(1))),
        ];
    }
}
