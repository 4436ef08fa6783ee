using LoraOnnx.Evaluation.Gate;

namespace LoraOnnx.Evaluation.Reports.Html;

/// <summary>What was required, whether a server gives what its file gives, and all that is needed to get the same figures again.</summary>
internal static class MethodSection
{
    public static string Requirements(ComparisonReport report) => report.Requirements.Count == 0 ? "" : Markup.Section("Requirements", "",
        Markup.Table(["requirement", "", "left side", "right side"], report.Requirements.Select((result, index) => Requirement($"/requirements/{index}", result))));

    public static string Servers(ComparisonReport report)
    {
        var servers = report.Models.Where(model => model.Agreement is not null).ToList();
        return servers.Count == 0 ? "" : Markup.Section("Servers", "", Markup.Table(["server", "against", "largest difference of a logit", "texts that differ", ""], servers.Select(model =>
        {
            var (agreement, at) = (model.Agreement!, $"{Markup.PointerTo(model)}/agreement"); // filtered above
            return new[]
            {
                Markup.Name(report, model),
                Markup.Text(agreement.Model),
                Markup.Number($"{at}/largest_difference", Numbers.Text(agreement.LargestDifference, "0.0e+0")),
                Markup.Number($"{at}/different_texts", Numbers.Count(agreement.DifferentTexts)),
                Markup.Text(agreement.Describe(model.Name, report.Data.Texts)),
            };
        })));
    }

    public static string Of(ComparisonReport report)
    {
        var data = $"<p>{Data("/data", report.Data)}{(report.Validation is { } validation ? $"<br>chosen on {Data("/validation", validation)}" : "")}</p>";
        var models = Markup.Table(["model", "kind", "path", "method", "rank", "cut to", "SHA-256"], report.Models.Select(model => new[]
        {
            Markup.Name(report, model),
            Markup.Text(model.Card.Kind),
            $"<code>{Markup.Text(model.Card.Path)}</code>",
            Markup.Text(model.Card.Method ?? Numbers.Absent),
            Markup.Text(model.Card.Rank ?? Numbers.Absent),
            $"{Numbers.Count(model.Card.MaxTokens)} tokens ({Markup.Text(model.Card.Truncate)})",
            string.Join("<br>", model.Card.Hashes.Select(hash => $"{Markup.Text(hash.Key)} <code>{Markup.Text(hash.Value)}</code>")),
        }));
        var options = string.Join(", ", report.Options.Select(option => $"{Markup.Text(option.Key)} {Markup.Text(option.Value)}"));
        return Markup.Section("How this was measured",
            "Every model read the same texts. Intervals: the test texts are drawn again from themselves, with replacement, the same draw for all models; the middle 95 % of a figure over the draws is its interval.",
            $"""
            {data}
            {models}
            <p>{options}. lora-compare {Markup.Text(report.ToolVersion)}, {report.MadeAt:yyyy-MM-dd HH:mm} UTC, on {Markup.Text(report.Machine.Processor)}, {Markup.Number("/machine/threads", Numbers.Count(report.Machine.Threads))} threads, {Markup.Text(report.Machine.System)}, {Markup.Text(report.Machine.Runtime)}. The figures, the speeds aside, do not depend on the machine's number of cores.</p>
            """);
    }

    private static string Data(string at, DataReport data) =>
        $"<code>{Markup.Text(data.Path)}</code>, {Markup.Number($"{at}/texts", Numbers.Count(data.Texts))} texts "
        + $"({string.Join(", ", data.LabelCounts.Select(count => $"{Markup.Text(count.Key)} {Markup.Number($"{at}/label_counts/{Markup.Pointer(count.Key)}", Numbers.Count(count.Value))}"))}), SHA-256 <code>{Markup.Text(data.Hash)}</code>";

    private static IEnumerable<string> Requirement(string at, ConditionResult result) =>
    [
        $"<code>{Markup.Text(result.Expression)}</code>",
        result.Holds ? "<span class=\"better\">holds</span>" : "<span class=\"worse\">does not hold</span>",
        Markup.Number($"{at}/left", Side(result.Left)),
        Markup.Number($"{at}/right", Side(result.Right)),
    ];

    private static string Side(double value) => double.IsFinite(value) ? Numbers.Text(value, "0.######") : Numbers.Absent;
}
