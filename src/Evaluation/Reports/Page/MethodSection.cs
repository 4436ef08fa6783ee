using LoraOnnx.Evaluation.Gate;
using LoraOnnx.Reports.Pages;
using LoraOnnx.Reports.Values;

namespace LoraOnnx.Evaluation.Reports.Page;

/// <summary>What was required, whether a server gives what its file gives, and all that is needed to get the same figures again.</summary>
internal static class MethodSection
{
    public static Requirements? Requirements(ComparisonReport report) => report.Requirements.Count == 0 ? null : new Requirements(
        $"Requirements: {report.Requirements.Count(result => result.Holds)} of {report.Requirements.Count} hold",
        new Table("What --require asked for", ["requirement", "result", "left side", "right side"],
            [.. report.Requirements.Select((result, index) => Requirement($"/requirements/{index}", result))])
        {
            IsCards = true,
        });

    public static Table? Servers(ComparisonReport report)
    {
        var servers = report.Models.Where(model => model.Agreement is not null).ToList();
        return servers.Count == 0 ? null : new Table("Do servers give what files give?",
            ["server", "against", "largest difference of a logit", "texts that differ", "in words"],
            [.. servers.Select(model => Server(report, model, model.Agreement!))]) // filtered above
        {
            Words = new HashSet<int> { 1, 4 },
        };
    }

    public static Method Of(ComparisonReport report) => new(
        [Data("/data", "", report.Data), .. report.Validation is { } validation
            ? [Data("/validation", "chosen on ", validation)]
            : Array.Empty<Line>()],
        new Table("What was measured", ["model", "kind", "source", "method", "rank", "runs in", "cut to", "SHA-256"],
            [.. report.Models.Select(model => Source(report, model))])
        {
            Words = new HashSet<int> { 1, 2, 3, 7 },
        },
        new Line(
            $"{string.Join(", ", report.Options.Select(option => $"{option.Key} {option.Value}"))}. lora-compare {report.ToolVersion}, "
                + $"{Numbers.Moment(report.MadeAt)}, "
            + $"on {report.Machine.Processor}, ",
            Shown.Number("/machine/threads", Numbers.Count(report.Machine.Threads)),
            $" threads, {report.Machine.System}, {report.Machine.Runtime}. The figures, the speeds aside, do not depend on the machine's number of "
                + "cores."));

    private static IReadOnlyList<Cell> Server(ComparisonReport report, ModelReport model, ServerAgreement agreement)
    {
        var at = $"{Shown.PointerTo(model)}/agreement";
        return
        [
            Shown.Name(report, model),
            agreement.Model,
            Shown.Number($"{at}/largest_difference", Numbers.Text(agreement.LargestDifference, "0.0e+0")),
            Shown.Number($"{at}/different_texts", Numbers.Count(agreement.DifferentTexts)),
            agreement.Describe(model.Name, report.Data.Texts),
        ];
    }

    private static IReadOnlyList<Cell> Source(ComparisonReport report, ModelReport model) =>
    [
        Shown.Name(report, model),
        model.Card.Kind,
        Shown.Code(model.Card.Source),
        model.Card.Method ?? Numbers.Absent,
        model.Card.Rank ?? Numbers.Absent,
        model.Card.Precision ?? Numbers.Absent,
        $"{Numbers.Count(model.Card.MaxTokens)} tokens ({model.Card.Truncate})",
        new Cell([.. model.Card.Hashes.Select(hash => new Line($"{hash.Key} ", Shown.Code(hash.Value)))]),
    ];

    private static Line Data(string at, string role, DataReport data) => new(
    [
        role, Shown.Code(data.Source), ", ", Shown.Number($"{at}/texts", Numbers.Count(data.Texts)), " texts (",
        .. data.LabelCounts.SelectMany((count, index) => (Piece[])
            [$"{(index == 0 ? "" : ", ")}{count.Key} ", Shown.Number($"{at}/label_counts/{Shown.Pointer(count.Key)}", Numbers.Count(count.Value))]),
        "), SHA-256 ", Shown.Code(data.Hash),
    ]);

    private static IReadOnlyList<Cell> Requirement(string at, ConditionResult result) =>
    [
        Shown.Code(result.Expression),
        new Piece(result.Holds ? "holds" : "does not hold") { Tone = result.Holds ? Tone.Better : Tone.Worse },
        Shown.Number($"{at}/left", Side(result.Left)),
        Shown.Number($"{at}/right", Side(result.Right)),
    ];

    private static string Side(double value) => double.IsFinite(value) ? Numbers.Text(value, "0.######") : Numbers.Absent;
}
