using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model;
using LoraOnnx.Reports.Plots;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>The table that answers the question, and the same as a picture.</summary>
internal static class OverviewSection
{
    /// <summary>More models would not leave room for anything else on a phone.</summary>
    private const int MostModels = 5;

    public static Table Table(ComparisonReport report) =>
        Of(report, $"In percent; F1, precision and recall are {Averaging(report)}, below F1 its 95 % interval", Best(report));

    /// <summary>The models that the table has no room for; null: there are none.</summary>
    public static Table? Others(ComparisonReport report) => report.Models.Except(Best(report)).ToList() is not { Count: > 0 } others ? null
        : Of(report, "The same of the others", others);

    /// <summary>The first model and the best of the others, in their order.</summary>
    private static IReadOnlyList<ModelReport> Best(ComparisonReport report)
    {
        var best = report.Models.Skip(1).OrderByDescending(model => model.Figures.F1).Take(MostModels - 1).Append(report.Models[0]).ToHashSet();
        return [.. report.Models.Where(best.Contains)];
    }

    private static Table Of(ComparisonReport report, string caption, IReadOnlyList<ModelReport> models)
    {
        Cell[] toFirst = report.IsAlone ? [] : ["to first"];
        return new(caption, ["model", "F1", .. toFirst, "accuracy", "precision", "recall", "trained", "size", "runs in", "speed"],
            [.. models.Select(model => Row(report, model))])
        {
            IsCards = true,
            OfDesks = new HashSet<int>(Enumerable.Range(3 + toFirst.Length, 6)), // from precision on
        };
    }

    private static string Averaging(ComparisonReport report) => report.ProblemType == ProblemType.MultiLabel ? "over all labels together (micro)"
        : report.IsBinary ? $"those of {report.Labels[1]}"
        : "averages over the labels (macro)";

    /// <summary>Null for one model, of which the table has said it.</summary>
    public static IntervalPlot? Intervals(ComparisonReport report) => report.IsAlone ? null : new(
        "F1 of each model with its interval",
        Axis.Around("F1 %", Best(report).SelectMany(Ends).SelectMany(end => new[] { Math.Max(0, end - 0.01), Math.Min(1, end + 0.01) })
            .Select(end => 100 * end)),
        [.. Best(report).Select(model => new IntervalRow(
            Shown.PlaceOf(report, model), model.Name,
            $"{Numbers.Figure(Figure.F1, model.Figures.F1)} ({Numbers.Range(Figure.F1, model.Intervals[Figure.F1])})",
            100 * model.Figures.F1,
            model.Intervals[Figure.F1] is { } interval ? (100 * interval.Low, 100 * interval.High) : null))]);

    private static double[] Ends(ModelReport model) =>
        model.Intervals[Figure.F1] is { } interval ? [model.Figures.F1, interval.Low, interval.High] : [model.Figures.F1];

    private static IReadOnlyList<Cell> Row(ComparisonReport report, ModelReport model)
    {
        var at = Shown.PointerTo(model);
        Line Share(Figure figure) => new(Shown.Number($"{at}/{figure.Key}", Numbers.Figure(figure, figure.Of(model.Figures))));
        return
        [
            Shown.Name(report, model),
            new Cell(
                Share(Figure.F1) with { IsStrong = model.Figures.F1 >= report.Models.Max(other => other.Figures.F1) },
                new Line(Shown.Range($"{at}/intervals/f1", model.Intervals[Figure.F1], end => Numbers.Figure(Figure.F1, end))) { IsSmall = true }),
            .. report.IsAlone ? [] : new[] { model.ToFirst is { } comparison ? ToFirst(at, comparison.Differences[Figure.F1]) : Numbers.Absent },
            new Cell(Share(Figure.Accuracy)),
            new Cell(Share(Figure.Precision)),
            new Cell(Share(Figure.Recall)),
            Shown.Number($"{at}/trained_parameters", Numbers.Count(model.Card.TrainedParameters)),
            Shown.Number($"{at}/bytes", Numbers.Size(model.Card.Bytes)),
            model.Card.Precision ?? Numbers.Absent,
            Speed(at, model),
        ];
    }

    private static Cell ToFirst(string at, Difference difference) =>
        Shown.Number($"{at}/difference/f1/value", Numbers.Difference(Figure.F1, difference.Value)) with
        {
            Tone = Shown.ToneOf(difference, higherIsBetter: true),
        };

    /// <summary>Of equal models the same, whatever the clock said.</summary>
    private static Cell Speed(string at, ModelReport model) => model.SpeedToFirst is { IsSame: true } ? "same speed"
        : new Cell(new Line(Shown.Number($"{at}/texts_per_second", Numbers.Speed(model.TextsPerSecond)), " texts/s"));
}
