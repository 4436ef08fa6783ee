using LoraOnnx.Evaluation.Slices;
using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>Where a model gains and where it loses: by length, by label, by columns of the data.</summary>
internal static class SlicesSection
{
    public static string Of(ComparisonReport report) => Markup.Section("Slices",
        "Accuracy in percent, below it F1 (left out within one label) and the difference in accuracy to the first model with its 95 % interval. Lengths are in tokens of the first model.",
        string.Concat(report.Slices.Index().GroupBy(slice => slice.Item.Slice.Kind).Select(kind => Kind(report, kind.Key, [.. kind]))));

    private static string Kind(ComparisonReport report, string kind, IReadOnlyList<(int Index, SliceReport Slice)> slices)
    {
        var title = kind switch
        {
            SliceCutter.Length => "By length",
            SliceCutter.Label => "By label",
            _ => $"By {kind}",
        };
        var heading = new[] { Markup.Text(title), "texts" }.Concat(report.Models.Select(model => Markup.Name(report, model)));
        return $"<h3>{Markup.Text(title)}</h3>{Markup.Table(heading, slices.Select(slice => Row(report, slice.Index, slice.Slice)))}";
    }

    private static IEnumerable<string> Row(ComparisonReport report, int index, SliceReport slice) =>
        new[] { Markup.Text(slice.Slice.Title), Markup.Number($"/slices/{index}/texts", Numbers.Count(slice.Slice.Texts.Count)) }
            .Concat(slice.Models.Select((figures, model) => Cell($"/slices/{index}/models/{Markup.Pointer(report.Models[model].Name)}", figures)));

    private static string Cell(string at, SliceFigures figures)
    {
        var f1 = figures.F1 is { } value ? $"<small>F1 {Markup.Number($"{at}/f1", Markup.Percent(value))}</small>" : "";
        var style = figures.Verdict switch
        {
            "gains" => "better",
            "loses" => "worse",
            _ => "even",
        };
        var difference = figures.Difference is { } points
            ? $"<small class=\"{style}\">{Markup.Number($"{at}/difference", Points(points))} ({Markup.Range($"{at}/interval", figures.Interval, Points)})</small>"
            : "";
        return $"<b>{Markup.Number($"{at}/accuracy", Markup.Percent(figures.Accuracy))}</b>{f1}{difference}";
    }

    private static string Points(double share) => Numbers.Difference(Figure.Accuracy, share);
}
