using System.Globalization;
using System.Text;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The table of a comparison: a heading and a row a model.</summary>
internal static class FigureTable
{
    public static IReadOnlyList<string> Heading { get; } =
        ["model", "accuracy %", "F1 %", "macro F1 %", "precision %", "recall %", "trained", "training s", "size MB", "texts/s"];

    public static IReadOnlyList<string> Row(ModelResult result) =>
    [
        result.Name,
        Percent(result.Figures.Accuracy),
        Percent(result.Figures.F1),
        Percent(result.Figures.MacroF1),
        Percent(result.Figures.Precision),
        Percent(result.Figures.Recall),
        result.TrainedParameters?.ToString("N0", CultureInfo.InvariantCulture) ?? "-",
        result.TrainingSeconds?.ToString("F1", CultureInfo.InvariantCulture) ?? "-",
        (result.Bytes / 1e6).ToString("F1", CultureInfo.InvariantCulture),
        result.TextsPerSecond.ToString("F1", CultureInfo.InvariantCulture),
    ];

    /// <summary>Names to the left, figures to the right.</summary>
    public static string ToText(IReadOnlyList<ModelResult> results)
    {
        List<IReadOnlyList<string>> rows = [Heading, .. results.Select(Row)];
        int[] widths = [.. Heading.Select((_, column) => rows.Max(row => row[column].Length))];
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.AppendJoin("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).Append('\n');
        }

        return text.ToString();
    }

    private static string Percent(double share) => (100 * share).ToString("F2", CultureInfo.InvariantCulture);
}
