using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>Every figure with its interval and its difference to the first model, McNemar's test, and what each model cost.</summary>
internal static class FiguresSection
{
    public static string Of(ComparisonReport report)
    {
        var heading = report.Models.Select(model => Markup.Name(report, model)).Prepend("figure").ToList();
        return Markup.Section("All figures", "Below each value its 95 % interval, and the difference to the first model with the interval of that difference: where it leaves 0 out, chance alone rarely makes it.",
                Markup.Table(heading, Figure.All.Select(figure => new[] { Markup.Text(Title(figure)) }.Concat(report.Models.Select(model => Cell(model, figure))))))
            + (report.Models.Count > 1 ? McNemar(report) : "")
            + Markup.Section("What it cost", "", Markup.Table(heading, CostRows(report)));
    }

    private static string Title(Figure figure) => $"{figure.Title}{(figure.InPercent ? " %" : "")}{(figure.HigherIsBetter ? "" : " (less is better)")}";

    private static string Cell(ModelReport model, Figure figure)
    {
        var at = Markup.PointerTo(model);
        var value = Markup.Number($"{at}/{figure.Key}", Numbers.Figure(figure, figure.Of(model.Figures)));
        var interval = Markup.Range($"{at}/intervals/{figure.Key}", model.Intervals[figure], end => Numbers.Figure(figure, end));
        return $"<b>{value}</b><small>{interval}</small>{(model.ToFirst is { } comparison && comparison.Differences.TryGetValue(figure, out var difference) ? DifferenceTo(at, figure, difference) : "")}";
    }

    private static string DifferenceTo(string at, Figure figure, Difference difference)
    {
        var style = difference.Interval is { ExcludesZero: true } ? difference.Value > 0 == figure.HigherIsBetter ? "better" : "worse" : "even";
        var pointer = $"{at}/difference/{figure.Key}";
        return $"<small class=\"{style}\">{Markup.Number($"{pointer}/value", Numbers.Difference(figure, difference.Value))} "
            + $"({Markup.Range(pointer, difference.Interval, end => Numbers.Difference(figure, end))})</small>";
    }

    private static string McNemar(ComparisonReport report) => Markup.Section("McNemar's exact test",
        "Of the texts on which exactly one of two models is right, would a fair coin share them out so unevenly? A small p says no.",
        Markup.Table(["model", $"only {Markup.Text(report.Models[0].Name)} right", "only this one right", "p"], report.Models.Skip(1).Select(model =>
        {
            var test = model.ToFirst!.McNemar; // all but the first model are compared with it
            var at = $"{Markup.PointerTo(model)}/mcnemar";
            return new[]
            {
                Markup.Name(report, model),
                Markup.Number($"{at}/only_first_right", Numbers.Count(test.OnlyFirstRight)),
                Markup.Number($"{at}/only_this_right", Numbers.Count(test.OnlySecondRight)),
                Markup.Number($"{at}/p_value", Numbers.Probability(test.PValue)),
            };
        })));

    private static IEnumerable<IEnumerable<string>> CostRows(ComparisonReport report)
    {
        (string Title, string Key, Func<ModelReport, string> Text)[] rows =
        [
            ("trained parameters", "trained_parameters", model => Numbers.Count(model.Card.TrainedParameters)),
            ("training time", "training_seconds", model => Numbers.Duration(model.Card.TrainingSeconds)),
            ("tokens trained on", "trained_tokens", model => Numbers.Count(model.Card.TrainedTokens)),
            ("model size", "bytes", model => Numbers.Size(model.Card.Bytes)),
            ("texts a second here", "texts_per_second", model => Numbers.Speed(model.TextsPerSecond)),
            ("tokens a second here", "tokens_per_second", model => Numbers.Speed(model.TokensPerSecond)),
            ("tokens read", "tokens", model => Numbers.Count(model.Tokens)),
            ("texts cut", "cut_texts", model => Numbers.Count(model.CutTexts)),
            ("longest text in tokens", "source/max_tokens", model => Numbers.Count(model.Card.MaxTokens)),
            ("scale of the adapter", "source/scale", model => model.Card.Scale is { } scale ? Numbers.Text(scale, "0.####") : Numbers.Absent),
            ("temperature", "calibration/temperature", model => Numbers.Text(model.Calibration.Temperature, "0.0000")),
            ("threshold", "calibration/threshold", model => model.Calibration.Threshold is { } threshold ? Numbers.Text(threshold, "0.0000") : Numbers.Absent),
        ];
        return rows.Select(row => new[] { row.Title }.Concat(report.Models.Select(model => Markup.Number($"{Markup.PointerTo(model)}/{row.Key}", row.Text(model)))));
    }
}
