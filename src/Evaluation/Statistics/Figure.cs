using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>A figure that reports show: its key in JSON, its name for people, and whether more is better.</summary>
internal sealed record Figure(string Key, string Title, bool HigherIsBetter, bool InPercent, Func<ClassificationFigures, double?> Of)
{
    public static readonly Figure F1 = new("f1", "F1", true, true, figures => figures.F1);
    public static readonly Figure Accuracy = new("accuracy", "accuracy", true, true, figures => figures.Accuracy);
    public static readonly Figure MacroF1 = new("macro_f1", "macro F1", true, true, figures => figures.MacroF1);
    public static readonly Figure WeightedF1 = new("weighted_f1", "weighted F1", true, true, figures => figures.WeightedF1);
    public static readonly Figure Precision = new("precision", "precision", true, true, figures => figures.Precision);
    public static readonly Figure Recall = new("recall", "recall", true, true, figures => figures.Recall);
    public static readonly Figure Matthews = new("matthews", "Matthews correlation", true, false, figures => figures.Matthews);
    public static readonly Figure RocAuc = new("roc_auc", "ROC-AUC", true, false, figures => figures.RocAuc);
    public static readonly Figure AveragePrecision = new("average_precision", "average precision", true, false, figures => figures.AveragePrecision);
    public static readonly Figure LogLoss = new("log_loss", "log loss", false, false, figures => figures.LogLoss);
    public static readonly Figure Brier = new("brier", "Brier score", false, false, figures => figures.Brier);
    public static readonly Figure CalibrationError =
        new("expected_calibration_error", "calibration error (ECE)", false, false, figures => figures.CalibrationError);

    /// <summary>All of them, in the order of the reports.</summary>
    public static readonly IReadOnlyList<Figure> All =
        [F1, Accuracy, MacroF1, WeightedF1, Precision, Recall, Matthews, RocAuc, AveragePrecision, LogLoss, Brier, CalibrationError];
}
