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
        foreach (var (header, column) in SummaryTable.Headers.Select((header, column) => (header, column)))
        {
            table.AddColumn(column == 0 ? new TableColumn(header) : new TableColumn(header).RightAligned());
        }

        foreach (var (row, model) in SummaryTable.Rows(report).Zip(report.Models))
        {
            table.AddRow([.. row.Select((cell, column) => new Text(cell, Look(column, model, ReferenceEquals(model, best))))]);
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(report.Summary);
    }

    private static Style Look(int column, ModelReport model, bool isBest) => SummaryTable.Headers[column] switch
    {
        "F1" when isBest => new Style(Color.Green, decoration: Decoration.Bold),
        "to first" when model.ToFirst?.Differences[Figure.F1] is { Interval.ExcludesZero: true } difference =>
            new Style(difference.Value > 0 ? Color.Green : Color.Red),
        _ => Style.Plain,
    };
}
