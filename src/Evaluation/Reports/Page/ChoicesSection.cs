using LoraOnnx.Evaluation.Choices;
using LoraOnnx.Reports.Pages;
using LoraOnnx.Reports.Plots;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>What was chosen on the validation texts; null when nothing was.</summary>
internal static class ChoicesSection
{
    private static readonly IReadOnlyList<Cell> _columns =
    [
        "model", "scale", "temperature", "threshold", "F1 before", "F1 after", "accuracy before", "accuracy after", "log loss before",
        "log loss after", "ECE before",
        "ECE after",
    ];

    public static ChosenValues? Of(ComparisonReport report)
    {
        var chosen = report.Models.Where(model => model.Choice is not null).ToList();
        return chosen.Count == 0 ? null : new ChosenValues(
            $"Made on the {Numbers.Count(report.Validation?.Texts)} validation texts alone; all other figures on this page are those of the chosen "
                + "model on the test texts.",
            new Table("What was chosen, and the figures on the validation texts before and after", _columns,
                [.. chosen.Select(model => Row(report, model, model.Choice!))]),
            [.. chosen.Where(model => model.Choice!.Curve.Count > 0).Select(model => SweepOf(report, model, model.Choice!))]); // filtered above
    }

    private static IReadOnlyList<Cell> Row(ComparisonReport report, ModelReport model, ChoiceReport choice)
    {
        var at = $"{Shown.PointerTo(model)}/choice";
        Piece Chosen(string key, double? value) => value is { } number ? Shown.Number($"{at}/{key}", Numbers.Text(number, "0.0000")) : Numbers.Absent;
        IReadOnlyList<Cell> Pair(string key, Func<ValidationFigures, string> text) =>
            [Shown.Number($"{at}/validation_before/{key}", text(choice.Before)), Shown.Number($"{at}/validation_after/{key}", text(choice.After))];
        return
        [
            Shown.Name(report, model),
            Chosen("scale", choice.Scale),
            Chosen("temperature", choice.Temperature),
            Chosen("threshold", choice.Threshold),
            .. Pair("f1", figures => Shown.Percent(figures.F1)),
            .. Pair("accuracy", figures => Shown.Percent(figures.Accuracy)),
            .. Pair("log_loss", figures => Numbers.Text(figures.LogLoss, "0.0000")),
            .. Pair("expected_calibration_error", figures => Numbers.Text(figures.CalibrationError, "0.0000")),
        ];
    }

    private static ThresholdSweep SweepOf(ComparisonReport report, ModelReport model, ChoiceReport choice)
    {
        var at = $"{Shown.PointerTo(model)}/choice/curve";
        var rows = choice.Curve.Select((point, index) => (Cell[])
        [
            new Cell(new Line(Shown.Number($"{at}/{index}/scale", Numbers.Text(point.Scale, "0.####")), point.Scale == choice.Scale
                ? " (chosen)"
                : "")),
            Shown.Number($"{at}/{index}/f1", Shown.Percent(point.F1)),
            Shown.Number($"{at}/{index}/accuracy", Shown.Percent(point.Accuracy)),
            Shown.Number($"{at}/{index}/log_loss", Numbers.Text(point.LogLoss, "0.0000")),
        ]);
        return new ThresholdSweep(
            new Drawing("F1 on the validation texts by scale of the adapter", Curve(report, model, choice), []) { Model = Shown.Name(report, model) },
            new Table($"{model.Name} by scale of the adapter", ["scale", "F1 %", "accuracy %", "log loss"], [.. rows]));
    }

    private static Plot Curve(ComparisonReport report, ModelReport model, ChoiceReport choice)
    {
        var points = choice.Curve.Select(point => new PlotPoint(point.Scale, 100 * point.F1) { Radius = point.Scale == choice.Scale ? 7 : 3 })
            .ToList();
        return new Plot("F1 by scale", Axis.Around("scale", points.Select(point => point.X)), Axis.Around("F1 %", points.Select(point => point.Y)),
            [new Series(Shown.PlaceOf(report, model), points)]);
    }
}
