using LoraOnnx.Evaluation.Statistics;
using LoraOnnx.Model;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The one table that answers the question: a row a model, the same on the terminal and in Markdown.</summary>
internal static class SummaryTable
{
    /// <summary>F1.</summary>
    public static readonly SummaryColumn F1 = Share("F1", Figure.F1);

    /// <summary>F1 less the first model's.</summary>
    public static readonly SummaryColumn ToFirst = new("to first",
        model => model.ToFirst is { } comparison ? Numbers.Difference(Figure.F1, comparison.Differences[Figure.F1].Value) : Numbers.Absent);

    private static readonly SummaryColumn _macroF1 = Share("macro F1", Figure.MacroF1);

    private static readonly IReadOnlyList<SummaryColumn> _all =
    [
        new("model", model => model.Name),
        Share("accuracy", Figure.Accuracy),
        F1,
        new("95 % interval", model => Numbers.Range(Figure.F1, model.Intervals[Figure.F1])),
        ToFirst,
        _macroF1,
        Share("precision", Figure.Precision),
        Share("recall", Figure.Recall),
        new("trained", model => Numbers.Count(model.Card.TrainedParameters)),
        new("training", model => Numbers.Duration(model.Card.TrainingSeconds)),
        new("size", model => Numbers.Size(model.Card.Bytes)),
        new("runs in", model => model.Card.Precision ?? Numbers.Absent),
        new("texts/s", model => Numbers.Speed(model.TextsPerSecond)),
    ];

    /// <summary>Those columns that say what others do not: one model is compared with none, and F1 over three classes is macro F1.</summary>
    public static IReadOnlyList<SummaryColumn> Columns(ComparisonReport report)
    {
        var hasMacro = report.IsBinary || report.ProblemType == ProblemType.MultiLabel;
        return [.. _all.Where(column => column == ToFirst ? !report.IsAlone : column != _macroF1 || hasMacro)];
    }

    private static SummaryColumn Share(string header, Figure figure) => new(header, model => Numbers.Figure(figure, figure.Of(model.Figures)));
}

/// <summary>A column of the table.</summary>
/// <param name="Header">Its name.</param>
/// <param name="Cell">What it says of a model; figures are in percent.</param>
internal sealed record SummaryColumn(string Header, Func<ModelReport, string> Cell);
