using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>Every figure with its interval and its difference to the first model, McNemar's test, and what each model cost.</summary>
internal static class FiguresSection
{
    private static readonly (string Title, string Key, Func<ModelReport, string> Text)[] _costs =
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
        ("threshold", "calibration/threshold", model => model.Calibration.Threshold is { } threshold
            ? Numbers.Text(threshold, "0.0000")
            : Numbers.Absent),
    ];

    public static Table Figures(ComparisonReport report) => new(
        "Below each value its 95 % interval, and the difference to the first model with the interval of that difference: where it leaves 0 out, "
            + "chance alone rarely makes it",
        Shown.ModelColumns(report, "figure"),
        [.. Figure.All.Select(figure => (Cell[])[Title(figure), .. report.Models.Select(model => Value(model, figure))])])
    {
        IsCards = true,
    };

    public static Table? McNemar(ComparisonReport report) => report.IsAlone ? null : new Table(
        "Of the texts on which exactly one of two models is right, would a fair coin share them out so unevenly? A small p says no",
        ["model", $"only {report.Models[0].Name} right", "only this one right", "p"],
        [.. report.Models.Skip(1).Select(model => TestRow(report, model))]);

    public static Table Cost(ComparisonReport report) => new(
        "What each model cost; speed is that of the model's runs on these texts, without tokenization, and of a server that of everything",
        Shown.ModelColumns(report, "cost"),
        [
            (Cell[])["runs in", .. report.Models.Select(model => (Cell)(model.Card.Precision ?? Numbers.Absent))],
            .. _costs.Select(cost => (Cell[])
                [cost.Title, .. report.Models.Select(model => (Cell)Shown.Number($"{Shown.PointerTo(model)}/{cost.Key}", cost.Text(model)))]),
            (Cell[])["speed to the first", .. report.Models.Select(SpeedToFirst)],
        ])
    {
        IsCards = true,
    };

    private static string Title(Figure figure) =>
        $"{figure.Title}{(figure.InPercent ? " %" : "")}{(figure.HigherIsBetter ? "" : " (less is better)")}";

    private static Cell Value(ModelReport model, Figure figure)
    {
        var at = Shown.PointerTo(model);
        Line value = new(Shown.Number($"{at}/{figure.Key}", Numbers.Figure(figure, figure.Of(model.Figures)))) { IsStrong = true };
        Line interval =
            new(Shown.Range($"{at}/intervals/{figure.Key}", model.Intervals[figure], end => Numbers.Figure(figure, end))) { IsSmall = true };
        return model.ToFirst is { } comparison && comparison.Differences.TryGetValue(figure, out var difference)
            ? new Cell(value, interval, DifferenceTo(at, figure, difference))
            : new Cell(value, interval);
    }

    private static Line DifferenceTo(string at, Figure figure, Difference difference)
    {
        var pointer = $"{at}/difference/{figure.Key}";
        Piece[] interval = Shown.Range(pointer, difference.Interval, end => Numbers.Difference(figure, end));
        return new Line([Shown.Number($"{pointer}/value", Numbers.Difference(figure, difference.Value)), " (", .. interval, ")"])
        {
            IsSmall = true,
            Tone = Shown.ToneOf(difference, figure.HigherIsBetter),
        };
    }

    private static IReadOnlyList<Cell> TestRow(ComparisonReport report, ModelReport model)
    {
        var test = model.ToFirst!.McNemar; // all but the first model are compared with it
        var at = $"{Shown.PointerTo(model)}/mcnemar";
        return
        [
            Shown.Name(report, model),
            Shown.Number($"{at}/only_first_right", Numbers.Count(test.OnlyFirstRight)),
            Shown.Number($"{at}/only_this_right", Numbers.Count(test.OnlySecondRight)),
            Shown.Number($"{at}/p_value", Numbers.Probability(test.PValue)),
        ];
    }

    private static Cell SpeedToFirst(ModelReport model)
    {
        if (model.SpeedToFirst is not { } speed)
        {
            return Numbers.Absent;
        }

        var at = $"{Shown.PointerTo(model)}/speed_to_first";
        Line ratio = speed.Ratio is { } known
            ? new Line(Shown.Number($"{at}/ratio", Numbers.Text(known, "0.000")), speed.IsSame ? " (the same)" : "")
            : new Line(speed.IsSame ? "the same" : Numbers.Absent);
        return speed.Interval is null ? new Cell(ratio)
            : new Cell(ratio, new Line(Shown.Range(at, speed.Interval, end => Numbers.Text(end, "0.000"))) { IsSmall = true });
    }
}
