using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Evaluation.Statistics;

/// <summary>What a model's answers to a resample of the texts give; not a number where the resample lacks the texts that a figure is about.</summary>
internal readonly record struct ResampleFigures(
    CountFigures Counts, double RocAuc, double AveragePrecision, double LogLoss, double Brier, double CalibrationError);
