using System.Globalization;
using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The figures as CSV, a line a model and figure, with all digits: for spreadsheets and plots.</summary>
internal static class CsvReport
{
    public static void Write(string path, ComparisonReport report, bool byteOrderMark) =>
        AtomicFile.WriteText(path, $"{(byteOrderMark ? CsvText.ByteOrderMark : "")}{string.Join('\n', Lines(report))}\n");

    private static IEnumerable<string> Lines(ComparisonReport report)
    {
        yield return "model,figure,value,low,high,difference,difference_low,difference_high";
        foreach (var model in report.Models)
        {
            foreach (var figure in Figure.All)
            {
                var interval = model.Intervals[figure];
                Difference? difference = model.ToFirst?.Differences.TryGetValue(figure, out var found) == true ? found : null;
                double?[] numbers =
                    [figure.Of(model.Figures), interval?.Low, interval?.High, difference?.Value, difference?.Interval?.Low,
                        difference?.Interval?.High];
                yield return CsvText.Row(
                    [model.Name, figure.Key, .. numbers.Select(number => number?.ToString("R", CultureInfo.InvariantCulture) ?? "")]);
            }
        }
    }
}
