using System.Globalization;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Runs;
using LoraOnnx.Reports.Values;
using LoraOnnx.Training.Display;

namespace LoraOnnx.Training.Report;

/// <summary>The figures of each label, where they say more than those of the whole: several labels a text, or more than two classes.</summary>
internal static class LabelRows
{
    /// <summary>On the test texts where there are some, else on the validation texts; null where there is nothing to tell.</summary>
    public static Table? Of(RunRecord record)
    {
        var (role, metrics) = record.Test is { } test ? ("test", test) : ("validation", record.Validation);
        return metrics switch
        {
            { Labels: { } labels } => Table(role, "micro", metrics, ["threshold"],
                labels.Select(label => (label, new[] { label.Threshold.ToString("0.0000", CultureInfo.InvariantCulture) }))),
            { Confusion: { Count: > 2 } rows } => Table(role, "macro", metrics, [], Classes(ConfusionMatrix.Of(rows), record).Select(label => (label,
                Array.Empty<string>()))),
            _ => null,
        };
    }

    private static IEnumerable<RunLabelMetrics> Classes(ConfusionMatrix confusion, RunRecord record) =>
        Enumerable.Range(0, confusion.Classes).Select(index => new RunLabelMetrics(
            record.Labels is { } names && index < names.Count ? names[index] : $"class {index}", (int)confusion.Support(index),
            confusion.F1(index), confusion.Precision(index), confusion.Recall(index), 0));

    private static Table Table(string role, string average, RunMetrics all, Cell[] more, IEnumerable<(RunLabelMetrics Label, string[] More)> rows) =>
        new($"Figures of each label on the {role} texts, in percent; "
            + (average == "macro" ? "" : $"{average} F1 {DisplayText.Percent(all.F1)}, ") + $"macro F1 {DisplayText.Percent(all.MacroF1)}",
            ["label", "texts", "F1", "precision", "recall", .. more],
            [.. rows.Select(row => (Cell[])
            [
                row.Label.Name,
                row.Label.Texts.ToString("#,0", CultureInfo.InvariantCulture),
                new Cell(new Line(DisplayText.Percent(row.Label.F1)) { IsStrong = true }),
                DisplayText.Percent(row.Label.Precision),
                DisplayText.Percent(row.Label.Recall),
                .. row.More.Select(cell => (Cell)cell),
            ])])
        {
            IsCards = true,
        };
}
