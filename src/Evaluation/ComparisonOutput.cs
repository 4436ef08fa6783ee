using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Scoring;

namespace LoraOnnx.Evaluation;

/// <summary>Where the findings go: files first, then standard output; notes for people on standard error.</summary>
internal static class ComparisonOutput
{
    public static void Write(CompareOptions options, ComparisonReport report, TestScores scores)
    {
        WriteFiles(options, report, scores);
        WriteChoices(report);
        foreach (var model in report.Models.Where(model => model.Agreement is not null))
        {
            VisibleLines.Tell($"server: {model.Agreement!.Describe(model.Name, report.Data.Texts)}"); // filtered above
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

        foreach (var requirement in report.Requirements)
        {
            VisibleLines.Tell($"{(requirement.Holds ? "holds: " : "error: does not hold: ")}{requirement.Describe()}");
        }
    }

    private static void WriteFiles(CompareOptions options, ComparisonReport report, TestScores scores)
    {
        if (options.Predictions is { } predictions)
        {
            PredictionsFile.Write(predictions, report, scores, options.ByteOrderMark);
            VisibleLines.Tell($"predictions: {predictions}");
        }

        if (options.Csv is { } csv)
        {
            CsvReport.Write(csv, report, options.ByteOrderMark);
            VisibleLines.Tell($"figures: {csv}");
        }

        if (options.Out is { } page)
        {
            ComparisonPage.Write(page, report);
            VisibleLines.Tell($"report: {page}");
        }
    }

    /// <summary>Puts what was chosen beside each model.</summary>
    private static void WriteChoices(ComparisonReport report)
    {
        foreach (var model in report.Models)
        {
            if (model.Choice is not { } choice)
            {
                continue;
            }

            if (model.Card.Directory is { } directory)
            {
                choice.Calibration.Save(directory);
                VisibleLines.Tell(
                    $"chosen: {model.Name}: {ChoiceText.Of(choice)}: {Path.Combine(directory, Model.Metrics.Calibration.FileName)}");
            }
            else
            {
                VisibleLines.Tell($"chosen: {model.Name}: {ChoiceText.Of(choice)}; not written, since a server's files are its own.");
            }
        }
    }
}
