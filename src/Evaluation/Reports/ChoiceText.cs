using LoraOnnx.Evaluation.Choices;

namespace LoraOnnx.Evaluation.Reports;

/// <summary>A choice in words.</summary>
internal static class ChoiceText
{
    /// <summary>scale 0.75, temperature 1.713, threshold 0.4375.</summary>
    public static string Of(ChoiceReport choice) => string.Join(", ", new[]
    {
        choice.Scale is { } scale ? $"scale {Numbers.Text(scale, "0.####")}" : null,
        choice.Temperature is { } temperature ? $"temperature {Numbers.Text(temperature, "0.0000")}" : null,
        choice.Threshold is { } threshold ? $"threshold {Numbers.Text(threshold, "0.0000")}" : null,
    }.OfType<string>());
}
