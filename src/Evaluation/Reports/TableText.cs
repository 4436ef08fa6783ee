using System.Text;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The summary table as plain text and as Markdown.</summary>
internal static class TableText
{
    /// <summary>Aligned columns, two spaces apart: the first to the left, numbers to the right.</summary>
    public static string Plain(ComparisonReport report)
    {
        IReadOnlyList<IReadOnlyList<string>> rows = [SummaryTable.Headers, .. SummaryTable.Rows(report)];
        var widths = SummaryTable.Headers.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            var cells = row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            text.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>A table and the summary, for a pull request.</summary>
    public static string Markdown(ComparisonReport report)
    {
        var text = new StringBuilder();
        text.Append(report.Summary).Append("\n\n");
        AppendRow(text, SummaryTable.Headers);
        AppendRow(text, [.. SummaryTable.Headers.Select((_, column) => column == 0 ? ":--" : "--:")]);
        foreach (var row in SummaryTable.Rows(report))
        {
            AppendRow(text, row);
        }

        return text.Append($"\n{Numbers.Count(report.Data.Texts)} texts, `{report.Data.Source}` ({report.Data.Hash[..12]}); figures in percent, 95 % paired bootstrap intervals.\n").ToString();
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
}
