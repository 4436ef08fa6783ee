using System.Globalization;
using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The figures as CSV, a line a model and figure, with all digits: for spreadsheets and plots.</summary>
internal static class CsvReport
{
    public static void Write(string path, ComparisonReport report) => AtomicFile.WriteText(path, string.Join('\n', Lines(report)) + "\n");

    private static IEnumerable<string> Lines(ComparisonReport report)
    {
        yield return "model,figure,value,low,high,difference,difference_low,difference_high";
        foreach (var model in report.Models)
        {
            foreach (var figure in Figure.All)
            {
                var interval = model.Intervals[figure];
                Difference? difference = model.ToFirst?.Differences.TryGetValue(figure, out var found) == true ? found : null;
                yield return string.Join(',', model.Name, figure.Key, Text(figure.Of(model.Figures)), Text(interval?.Low), Text(interval?.High),
                    Text(difference?.Value), Text(difference?.Interval?.Low), Text(difference?.Interval?.High));
            }
        }
    }

    /// <summary>Model names have letters, digits and dashes only, and numbers a point: nothing needs quotes.</summary>
    private static string Text(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";
}
