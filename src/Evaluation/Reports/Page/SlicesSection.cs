using LoraOnnx.Evaluation.Slices;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>Where a model gains and where it loses: by length, by label, by columns of the data.</summary>
internal static class SlicesSection
{
    public static IReadOnlyList<Table> Of(ComparisonReport report) =>
        [.. report.Slices.Index().GroupBy(slice => slice.Item.Slice.Kind).Select(kind => Kind(report, kind.Key, [.. kind]))];

    public static string By(string kind) => kind switch
    {
        SliceCutter.Length => "By length",
        SliceCutter.Label => "By label",
        _ => $"By {kind}",
    };

    private static Table Kind(ComparisonReport report, string kind, IReadOnlyList<(int Index, SliceReport Slice)> slices) => new(
        By(kind), [By(kind), "texts", .. report.Models.Select(model => (Cell)Shown.Name(report, model))],
        [.. slices.Select(slice => Row(report, slice.Index, slice.Slice))]);

    private static Cell[] Row(ComparisonReport report, int index, SliceReport slice) =>
    [
        slice.Slice.Title,
        Shown.Number($"/slices/{index}/texts", Numbers.Count(slice.Slice.Texts.Count)),
        .. slice.Models.Select((figures, model) => Figures($"/slices/{index}/models/{Shown.Pointer(report.Models[model].Name)}", figures)),
    ];

    private static Cell Figures(string at, SliceFigures figures)
    {
        var lines = new List<Line> { new(Shown.Number($"{at}/accuracy", Shown.Percent(figures.Accuracy))) { IsStrong = true } };
        if (figures.F1 is { } f1)
        {
            lines.Add(new Line("F1 ", Shown.Number($"{at}/f1", Shown.Percent(f1))) { IsSmall = true });
        }

        if (figures.Difference is { } points)
        {
            lines.Add(new Line(
                [Shown.Number($"{at}/difference", Points(points)), " (", .. Shown.Range($"{at}/interval", figures.Interval, Points), ")"])
            {
                IsSmall = true,
                Tone = Shown.ToneOf(new Difference(points, figures.Interval), higherIsBetter: true),
            });
        }

        return new Cell(lines);
    }

    private static string Points(double share) => Numbers.Difference(Figure.Accuracy, share);
}
