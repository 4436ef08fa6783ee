using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>A figure that reports show: its key in JSON, its name for people, and whether more is better.</summary>
/// <remarks>Asked for twice: of all texts, where it may be unknown, and of each resample of them, where it is then not a number.</remarks>
internal sealed record Figure(
    string Key, string Title, bool HigherIsBetter, bool InPercent, Func<ClassificationFigures, double?> Of,
    Func<ResampleFigures, double> OfResample)
{
    public static readonly Figure F1 = Counted("f1", "F1", true, counts => counts.F1);
    public static readonly Figure Accuracy = Counted("accuracy", "accuracy", true, counts => counts.Accuracy);
    public static readonly Figure MacroF1 = Counted("macro_f1", "macro F1", true, counts => counts.MacroF1);
    public static readonly Figure WeightedF1 = Counted("weighted_f1", "weighted F1", true, counts => counts.WeightedF1);
    public static readonly Figure Precision = Counted("precision", "precision", true, counts => counts.Precision);
    public static readonly Figure Recall = Counted("recall", "recall", true, counts => counts.Recall);
    public static readonly Figure Matthews = Counted("matthews", "Matthews correlation", false, counts => counts.Matthews);
    public static readonly Figure RocAuc =
        new("roc_auc", "ROC-AUC", true, false, figures => figures.RocAuc, resample => resample.RocAuc);
    public static readonly Figure AveragePrecision =
        new("average_precision", "average precision", true, false, figures => figures.AveragePrecision, resample => resample.AveragePrecision);
    public static readonly Figure LogLoss =
        new("log_loss", "log loss", false, false, figures => figures.LogLoss, resample => resample.LogLoss);
    public static readonly Figure Brier = new("brier", "Brier score", false, false, figures => figures.Brier, resample => resample.Brier);
    public static readonly Figure CalibrationError = new("expected_calibration_error", "calibration error (ECE)", false, false,
        figures => figures.CalibrationError, resample => resample.CalibrationError);

    /// <summary>All of them, in the order of the reports.</summary>
    public static readonly IReadOnlyList<Figure> All =
        [F1, Accuracy, MacroF1, WeightedF1, Precision, Recall, Matthews, RocAuc, AveragePrecision, LogLoss, Brier, CalibrationError];

    /// <summary>A figure that follows from counts; more is better.</summary>
    private static Figure Counted(string key, string title, bool inPercent, Func<CountFigures, double> of) =>
        new(key, title, true, inPercent, figures => of(figures.Counts), resample => of(resample.Counts));
}
