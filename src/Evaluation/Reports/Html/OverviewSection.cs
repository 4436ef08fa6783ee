using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>The table that answers the question, and the same as a picture.</summary>
internal static class OverviewSection
{
    private const double RowHeight = 44;

    public static string Of(ComparisonReport report) =>
        Markup.Section("At a glance", report.IsBinary
                ? $"In percent; F1, precision and recall are those of {report.Labels[1]}. Speed is without tokenization, except for a server."
                : "In percent; F1, precision and recall are averages over the labels. Speed is without tokenization, except for a server.",
            Markup.Table(["model", "accuracy", "F1", "to first", "macro F1", "precision", "recall", "trained", "training", "size", "texts/s"], report.Models.Select(model => Row(report, model))))
        + Markup.Section("F1 with 95 % interval", "The bar is the 95 % bootstrap interval: how far F1 moves when the test texts are drawn again from themselves. The dashed line is the first model.", DotPlot(report));

    private static IEnumerable<string> Row(ComparisonReport report, ModelReport model)
    {
        var at = Markup.PointerTo(model);
        string Share(Figure figure) => Markup.Number($"{at}/{figure.Key}", Numbers.Figure(figure, figure.Of(model.Figures)));
        var isBest = model.Figures.F1 >= report.Models.Max(other => other.Figures.F1);
        return
        [
            Markup.Name(report, model),
            Share(Figure.Accuracy),
            isBest ? $"<b>{Share(Figure.F1)}</b>" : Share(Figure.F1),
            model.ToFirst is { } comparison ? ToFirst(at, comparison.Differences[Figure.F1]) : Numbers.Absent,
            Share(Figure.MacroF1),
            Share(Figure.Precision),
            Share(Figure.Recall),
            Markup.Number($"{at}/trained_parameters", Numbers.Count(model.Card.TrainedParameters)),
            Markup.Number($"{at}/training_seconds", Numbers.Duration(model.Card.TrainingSeconds)),
            Markup.Number($"{at}/bytes", Numbers.Size(model.Card.Bytes)),
            Markup.Number($"{at}/texts_per_second", Numbers.Speed(model.TextsPerSecond)),
        ];
    }

    private static string ToFirst(string at, Difference difference)
    {
        var style = difference.Interval is { ExcludesZero: true } ? difference.Value > 0 ? "better" : "worse" : "even";
        return $"<span class=\"{style}\">{Markup.Number($"{at}/difference/f1/value", Numbers.Difference(Figure.F1, difference.Value))}</span>";
    }

    private static string DotPlot(ComparisonReport report)
    {
        var ends = report.Models.SelectMany(model => new[] { model.Figures.F1, model.Intervals[Figure.F1]?.Low ?? model.Figures.F1, model.Intervals[Figure.F1]?.High ?? model.Figures.F1 }).ToList();
        var low = Math.Max(0, Math.Floor((ends.Min() * 20) - 0.2) / 20);
        var high = Math.Min(1, Math.Ceiling((ends.Max() * 20) + 0.2) / 20);
        var height = (RowHeight * report.Models.Count) + 34;
        double X(double value) => 10 + ((value - low) / (high - low) * (Plot.Width - 20));
        var step = high - low > 0.5 ? 0.25 : high - low > 0.2 ? 0.1 : 0.05;
        var ticks = Enumerable.Range(0, 21).Select(tick => Math.Round(tick * step, 2)).Where(tick => tick >= low - 1e-9 && tick <= high + 1e-9)
            .Select(tick => $"<line class=\"grid\" x1=\"{Markup.At(X(tick))}\" y1=\"4\" x2=\"{Markup.At(X(tick))}\" y2=\"{Markup.At(height - 24)}\"/><text class=\"tick middle\" x=\"{Markup.At(X(tick))}\" y=\"{Markup.At(height - 8)}\">{Numbers.Text(100 * tick, "0")}</text>");
        var first = X(report.Models[0].Figures.F1);
        return $"""
            <svg class="wide" viewBox="0 0 {Markup.At(Plot.Width)} {Markup.At(height)}" role="img" aria-label="F1 of each model with its interval">
            {string.Join('\n', ticks)}
            <line class="first" x1="{Markup.At(first)}" y1="4" x2="{Markup.At(first)}" y2="{Markup.At(height - 24)}"/>
            {string.Join('\n', report.Models.Select((model, row) => DotRow(report, model, row, X)))}
            </svg>
            """;
    }

    private static string DotRow(ComparisonReport report, ModelReport model, int row, Func<double, double> x)
    {
        var (colour, top) = (Markup.ColourOf(report, model), row * RowHeight);
        var interval = model.Intervals[Figure.F1];
        var line = interval is { } known
            ? $"<line class=\"interval {colour}\" x1=\"{Markup.At(x(known.Low))}\" y1=\"{Markup.At(top + 34)}\" x2=\"{Markup.At(x(known.High))}\" y2=\"{Markup.At(top + 34)}\"/>"
            : "";
        return $"""
            <text class="label" x="10" y="{Markup.At(top + 20)}">{Markup.Text(model.Name)}</text>
            <text class="label end" x="{Markup.At(Plot.Width - 10)}" y="{Markup.At(top + 20)}">{Numbers.Figure(Figure.F1, model.Figures.F1)} ({Numbers.Range(Figure.F1, interval)})</text>
            {line}<circle class="dot {colour}" cx="{Markup.At(x(model.Figures.F1))}" cy="{Markup.At(top + 34)}" r="5"/>
            """;
    }
}
