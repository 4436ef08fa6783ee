using LoraOnnx.CommandLine;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The summary table as plain text and as Markdown.</summary>
internal static class TableText
{
    /// <summary>The summary table in aligned columns.</summary>
    public static string Plain(ComparisonReport report) => Written(report, TextTable.Plain);

    /// <summary>The summary table and the summary, for a pull request.</summary>
    public static string Markdown(ComparisonReport report) =>
        $"{report.Summary}\n\n{Written(report, TextTable.Markdown)}"
        + $"\n{Numbers.Count(report.Data.Texts)} texts, `{report.Data.Source}` ({report.Data.Hash[..12]}); figures in percent, 95 % paired "
        + "bootstrap intervals.\n";

    private static string Written(ComparisonReport report, Func<IReadOnlyList<string>, IReadOnlyList<IReadOnlyList<string>>, string> write)
    {
        var columns = SummaryTable.Columns(report);
        return write([.. columns.Select(column => column.Header)],
            [.. report.Models.Select(model => columns.Select(column => column.Cell(model)).ToList())]);
    }
}
