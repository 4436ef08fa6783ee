using LoraOnnx.Evaluation.Slices;
using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Evaluation.Texts;
using LoraOnnx.Reports.Pages;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>What each other model changed, in short, and two texts to see it by.</summary>
internal static class ChangesSection
{
    /// <summary>More of them stand under Slices.</summary>
    private const int MostSlices = 3;

    public static IReadOnlyList<Change> Of(ComparisonReport report) =>
    [
        .. report.Models.Skip(1).OrderByDescending(model => model.Figures.F1)
            .Select(model => new Change(Shown.Name(report, model), Counts(model), Slices(report, Shown.PlaceOf(report, model)))),
    ];

    /// <summary>The largest changes of mind of the best of them, one for the better and one for the worse.</summary>
    public static IReadOnlyList<Example> Examples(ComparisonReport report)
    {
        if (report.Models.Skip(1).MaxBy(model => model.Figures.F1) is not { } best)
        {
            return [];
        }

        var at = $"{Shown.PointerTo(best)}/texts";
        Example Of(string change, string list, TextExcerpt text)
        {
            var shown = TextsSection.Short(report, best, $"{at}/{list}/0", text);
            var colours = shown.Pictures.Count > 0 ? ", with the words that speak for its answer in blue" : "";
            return new Example($"{change} with {best.Name}{colours}:", shown);
        }

        return
        [
            .. best.Texts.Gained.Take(1).Select(text => Of("Newly right", "gained", text)),
            .. best.Texts.Lost.Take(1).Select(text => Of("Newly wrong", "lost", text)),
        ];
    }

    private static Line Counts(ModelReport model)
    {
        var test = model.ToFirst!.McNemar; // the first model changed nothing
        var at = $"{Shown.PointerTo(model)}/mcnemar";
        return new Line(
            Shown.Number($"{at}/only_this_right", Numbers.Count(test.OnlySecondRight)) with
            {
                Tone = test.OnlySecondRight > 0 ? Tone.Better : Tone.Plain,
            },
            " texts newly right, ",
            Shown.Number($"{at}/only_first_right", Numbers.Count(test.OnlyFirstRight)) with
            {
                Tone = test.OnlyFirstRight > 0 ? Tone.Worse : Tone.Plain,
            },
            $" newly wrong; {(test.PValue < Summary.Significance ? "more than chance explains" : "chance may explain it")} (p\u00A0",
            Shown.Number($"{at}/p_value", Numbers.Probability(test.PValue)),
            ").");
    }

    /// <summary>The value of a column does not say what it is a value of.</summary>
    private static string Title(Slice slice) => slice.Kind is SliceCutter.Length or SliceCutter.Label ? slice.Title : $"{slice.Kind} {slice.Title}";

    private static List<Line> Slices(ComparisonReport report, int model)
    {
        var clear = report.Slices.Index().Where(slice => slice.Item.Models[model].Verdict is not null)
            .OrderByDescending(slice => Math.Abs(slice.Item.Models[model].Difference ?? 0)).ToList();
        var lines = clear.Take(MostSlices).Select(slice =>
        {
            var figures = slice.Item.Models[model];
            var at = $"/slices/{slice.Index}/models/{Shown.Pointer(report.Models[model].Name)}";
            return new Line(
                $"{figures.Verdict} on {Title(slice.Item.Slice)}: ",
                // a verdict is about a difference
                Shown.Number($"{at}/difference", Numbers.Difference(Figure.Accuracy, figures.Difference!.Value)) with
                {
                    Tone = figures.Difference > 0 ? Tone.Better : Tone.Worse,
                },
                " points");
        }).ToList();
        return clear.Count <= MostSlices ? lines : [.. lines, new Line($"and on {clear.Count - MostSlices} more slices")];
    }
}
