using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The one table that answers the question: a row a model, the same on the terminal and in Markdown.</summary>
internal static class SummaryTable
{
    /// <summary>Column names; figures are in percent.</summary>
    public static readonly IReadOnlyList<string> Headers =
        ["model", "accuracy", "F1", "95 % interval", "to first", "macro F1", "precision", "recall", "trained", "training", "size", "runs in",
            "texts/s"];

    /// <summary>Cells of all models, as text.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Rows(ComparisonReport report) => [.. report.Models.Select(Row)];

    private static string[] Row(ModelReport model) =>
    [
        model.Name,
        Numbers.Figure(Figure.Accuracy, model.Figures.Accuracy),
        Numbers.Figure(Figure.F1, model.Figures.F1),
        Numbers.Range(Figure.F1, model.Intervals[Figure.F1]),
        model.ToFirst is { } comparison ? Numbers.Difference(Figure.F1, comparison.Differences[Figure.F1].Value) : Numbers.Absent,
        Numbers.Figure(Figure.MacroF1, model.Figures.MacroF1),
        Numbers.Figure(Figure.Precision, model.Figures.Precision),
        Numbers.Figure(Figure.Recall, model.Figures.Recall),
        Numbers.Count(model.Card.TrainedParameters),
        Numbers.Duration(model.Card.TrainingSeconds),
        Numbers.Size(model.Card.Bytes),
        model.Card.Precision ?? Numbers.Absent,
        Numbers.Speed(model.TextsPerSecond),
    ];
}
