using LoraOnnx.Evaluation.Statistics;
using Spectre.Console;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The comparison on standard output: coloured on a terminal, plain text when redirected.</summary>
internal static class TerminalDisplay
{
    public static void Write(ComparisonReport report)
    {
        if (Console.IsOutputRedirected)
        {
            Console.Out.Write(TableText.Plain(report));
            Console.Out.WriteLine();
            Console.Out.WriteLine(report.Summary);
            return;
        }

        var best = report.Models.MaxBy(model => model.Figures.F1);
        var table = new Table().Border(TableBorder.Rounded);
        var columns = SummaryTable.Columns(report);
        foreach (var column in columns)
        {
            table.AddColumn(column == columns[0] ? new TableColumn(column.Header) : new TableColumn(column.Header).RightAligned());
        }

        foreach (var model in report.Models)
        {
            table.AddRow([.. columns.Select(column => new Text(column.Cell(model), Look(column, model, ReferenceEquals(model, best))))]);
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(report.Summary);
    }

    private static Style Look(SummaryColumn column, ModelReport model, bool isBest)
    {
        if (column == SummaryTable.F1 && isBest)
        {
            return new Style(Color.Green, decoration: Decoration.Bold);
        }

        return column == SummaryTable.ToFirst && model.ToFirst?.Differences[Figure.F1] is { Interval.ExcludesZero: true } difference
            ? new Style(difference.Value > 0 ? Color.Green : Color.Red)
            : Style.Plain;
    }
}
