using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;

namespace LoraOnnx.Evaluation;

/// <summary>Where the findings go: files first, then standard output.</summary>
internal static class ComparisonOutput
{
    public static void Write(CompareOptions options, ComparisonReport report, TestScores scores)
    {
        if (options.Predictions is { } predictions)
        {
            PredictionsFile.Write(predictions, report, scores);
            Console.Error.WriteLine($"predictions: {predictions}");
        }

        if (options.Csv is { } csv)
        {
            CsvReport.Write(csv, report);
            Console.Error.WriteLine($"figures: {csv}");
        }

        if (options.Out is { } page)
        {
            HtmlReport.Write(page, report);
            Console.Error.WriteLine($"report: {page}");
        }

        if (options.Json)
        {
            Console.Out.WriteLine(JsonReport.Text(JsonReport.Of(report)));
        }
        else if (options.Markdown)
        {
            Console.Out.Write(TableText.Markdown(report));
        }
        else
        {
            TerminalDisplay.Write(report);
        }
    }
}
