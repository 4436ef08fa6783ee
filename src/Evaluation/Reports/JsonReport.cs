using System.Text.Json;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>The figures as one JSON object; all from 0 to 1, log loss aside.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions _json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static string Of(IReadOnlyList<ModelResult> results, string data) => JsonSerializer.Serialize(
        new { Data = data, Texts = results[0].Figures.Count, Models = results.ToDictionary(result => result.Name, Figures) }, _json) + "\n";

    private static object Figures(ModelResult result) => new
    {
        result.Figures.F1,
        result.Figures.Accuracy,
        result.Figures.MacroF1,
        result.Figures.Precision,
        result.Figures.Recall,
        result.Figures.RocAuc,
        result.Figures.LogLoss,
        ExpectedCalibrationError = result.Figures.CalibrationError,
        result.Path,
        result.TrainedParameters,
        result.TrainingSeconds,
        result.Bytes,
        result.TextsPerSecond,
    };
}
