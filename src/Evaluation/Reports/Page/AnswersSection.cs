using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Reports.Pages;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>Confusion matrices, and the figures of each label.</summary>
internal static class AnswersSection
{
    public static IReadOnlyList<Matrix> Matrices(ComparisonReport report) =>
        // filtered
        [.. report.Models.Where(model => model.Figures.Confusion is not null).Select(model => MatrixOf(report, model, model.Figures.Confusion!))];

    public static Table Labels(ComparisonReport report) =>
        new(report.ProblemType == ProblemType.MultiLabel ? "Figures of each label, in percent; it is answered from its threshold on"
            : "Figures of each label, in percent",
        ["label", "model", "texts", "F1", "precision", "recall", .. report.ProblemType == ProblemType.MultiLabel ? ["threshold"]
            : Array.Empty<Cell>()],
        [.. report.Labels.SelectMany((label, index) => report.Models.Select(model => LabelRow(report, model, index)))])
        {
            Words = new HashSet<int> { 1 },
        };

    private static Matrix MatrixOf(ComparisonReport report, ModelReport model, ConfusionMatrix confusion) => new(
        Shown.Name(report, model),
        new Table($"{model.Name}: rows are what the data says, columns what the model says; below each count its 95 % interval",
            ["said", .. report.Labels.Select(label => (Cell)label)],
            [.. Enumerable.Range(0, confusion.Classes).Select(actual => (Cell[])
                [report.Labels[actual], .. Enumerable.Range(0, confusion.Classes)
                    .Select(predicted => Count(model, confusion, actual, predicted))])]));

    private static Cell Count(ModelReport model, ConfusionMatrix confusion, int actual, int predicted)
    {
        var at = Shown.PointerTo(model);
        var interval = CountInterval.Of(confusion[actual, predicted], confusion.Total);
        return new Cell(
            new Line(Shown.Number($"{at}/confusion_matrix/{actual}/{predicted}", Numbers.Count(confusion[actual, predicted]))),
            new Line(Shown.Range($"{at}/confusion_matrix_intervals/{actual}/{predicted}", interval,
                end => Numbers.Text(end, "#,0")))
            { IsSmall = true })
        {
            Heat = confusion.Support(actual) == 0 ? 0 : (double)confusion[actual, predicted] / confusion.Support(actual),
            Tone = actual == predicted ? Tone.Better : Tone.Worse,
        };
    }

    private static IReadOnlyList<Cell> LabelRow(ComparisonReport report, ModelReport model, int index)
    {
        var (label, holds) = (report.Labels[index], model.Figures.PerLabel[index]);
        var at = $"{Shown.PointerTo(model)}/per_label/{Shown.Pointer(label)}";
        return
        [
            label,
            Shown.Name(report, model),
            Shown.Number($"{at}/texts", Numbers.Count(holds.Support(1))),
            Shown.Number($"{at}/f1", Numbers.Figure(Figure.F1, holds.F1(1))),
            Shown.Number($"{at}/precision", Numbers.Figure(Figure.Precision, holds.Precision(1))),
            Shown.Number($"{at}/recall", Numbers.Figure(Figure.Recall, holds.Recall(1))),
            .. report.ProblemType == ProblemType.MultiLabel
                ? [Shown.Number($"{at}/threshold", Numbers.Text(model.Calibration.ThresholdOf(index), "0.0000"))]
                : Array.Empty<Cell>(),
        ];
    }
}
