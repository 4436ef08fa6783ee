using LoraOnnx.Evaluation.Choices;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>What was chosen on the validation texts; nothing when nothing was.</summary>
internal static class ChoicesSection
{
    public static string Of(ComparisonReport report)
    {
        var chosen = report.Models.Where(model => model.Choice is not null).ToList();
        if (chosen.Count == 0)
        {
            return "";
        }

        return Markup.Section("Choices", $"Made on the {Numbers.Count(report.Validation?.Texts)} validation texts alone; all other figures on this page are those of the chosen model on the test texts.",
            Markup.Table(["model", "scale", "temperature", "threshold", "F1 before", "F1 after", "accuracy before", "accuracy after", "log loss before", "log loss after", "ECE before", "ECE after"],
                chosen.Select(model => Row(report, model, model.Choice!))) // filtered above
            + string.Concat(chosen.Where(model => model.Choice!.Curve.Count > 0).Select(model => Sweep(report, model, model.Choice!.Curve))));
    }

    private static IEnumerable<string> Row(ComparisonReport report, ModelReport model, ChoiceReport choice)
    {
        var at = $"{Markup.PointerTo(model)}/choice";
        string Chosen(string key, double? value) => value is { } number ? Markup.Number($"{at}/{key}", Numbers.Text(number, "0.0000")) : Numbers.Absent;
        string Before(string key, string text) => Markup.Number($"{at}/validation_before/{key}", text);
        string After(string key, string text) => Markup.Number($"{at}/validation_after/{key}", text);
        return
        [
            Markup.Name(report, model),
            Chosen("scale", choice.Scale),
            Chosen("temperature", choice.Temperature),
            Chosen("threshold", choice.Threshold),
            Before("f1", Markup.Percent(choice.Before.F1)),
            After("f1", Markup.Percent(choice.After.F1)),
            Before("accuracy", Markup.Percent(choice.Before.Accuracy)),
            After("accuracy", Markup.Percent(choice.After.Accuracy)),
            Before("log_loss", Numbers.Text(choice.Before.LogLoss, "0.0000")),
            After("log_loss", Numbers.Text(choice.After.LogLoss, "0.0000")),
            Before("expected_calibration_error", Numbers.Text(choice.Before.CalibrationError, "0.0000")),
            After("expected_calibration_error", Numbers.Text(choice.After.CalibrationError, "0.0000")),
        ];
    }

    private static string Sweep(ComparisonReport report, ModelReport model, IReadOnlyList<ScalePoint> curve)
    {
        var at = $"{Markup.PointerTo(model)}/choice/curve";
        var rows = curve.Select((point, index) => new[]
        {
            $"{Markup.Number($"{at}/{index}/scale", Numbers.Text(point.Scale, "0.####"))}{(point.Scale == model.Choice!.Scale ? " (chosen)" : "")}", // the curve is the choice's
            Markup.Number($"{at}/{index}/f1", Markup.Percent(point.F1)),
            Markup.Number($"{at}/{index}/accuracy", Markup.Percent(point.Accuracy)),
            Markup.Number($"{at}/{index}/log_loss", Numbers.Text(point.LogLoss, "0.0000")),
        });
        return $"""
            <div class="grid-of">
            <figure><figcaption>{Markup.Name(report, model)}: F1 on the validation texts by scale of the adapter</figcaption>{Drawing(report, model, curve)}</figure>
            <div>{Markup.Table(["scale", "F1 %", "accuracy %", "log loss"], rows)}</div>
            </div>
            """;
    }

    private static string Drawing(ComparisonReport report, ModelReport model, IReadOnlyList<ScalePoint> curve)
    {
        var (low, high) = (Math.Max(0, Math.Floor(curve.Min(point => point.F1) * 20) / 20), Math.Min(1, Math.Ceiling((curve.Max(point => point.F1) * 20) + 0.01) / 20));
        var (first, last) = (curve[0].Scale, curve[^1].Scale > curve[0].Scale ? curve[^1].Scale : curve[0].Scale + 1);
        var plot = new Plot("F1 by scale", 240, (first, last), (low, high)).Axes(
            "scale", new[] { first, (first + last) / 2, last }.Select(value => (value, Numbers.Text(value, "0.##"))),
            "F1 %", new[] { low, (low + high) / 2, high }.Select(value => (value, Numbers.Text(100 * value, "0.#"))));
        var colour = Markup.ColourOf(report, model);
        plot.Curve(colour, curve.Select(point => (point.Scale, point.F1)));
        foreach (var point in curve)
        {
            plot.Dot(colour, (point.Scale, point.F1), point.Scale == model.Choice!.Scale ? 7 : 3); // the curve is the choice's
        }

        return plot.End();
    }
}
