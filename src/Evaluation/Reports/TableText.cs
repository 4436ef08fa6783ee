using LoraOnnx.CommandLine;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The summary table as plain text and as Markdown.</summary>
internal static class TableText
{
    /// <summary>The summary table in aligned columns.</summary>
    public static string Plain(ComparisonReport report) => TextTable.Plain(Headers(report), SummaryTable.Rows(report));

    /// <summary>The summary table and the summary, for a pull request.</summary>
    public static string Markdown(ComparisonReport report) =>
        $"{report.Summary}\n\n{TextTable.Markdown(Headers(report), SummaryTable.Rows(report))}"
        + $"\n{Numbers.Count(report.Data.Texts)} texts, `{report.Data.Source}` ({report.Data.Hash[..12]}); figures in percent, 95 % paired "
        + "bootstrap intervals.\n";

    private static IReadOnlyList<string> Headers(ComparisonReport report) => [.. SummaryTable.Columns(report).Select(column => column.Header)];
}
