using LoraOnnx.Model.Runs;

namespace LoraOnnx.Training.Display;

/// <summary>Figures in words, the same on a terminal and in a log.</summary>
internal static class DisplayText
{
    public static string Step(StepView step) =>
        $"{step.Phase}  epoch {step.Epoch:0.00}/{step.Epochs}  step {step.Step}/{step.Steps}  loss {step.Loss:0.0000}  rate "
            + $"{step.LearningRate:0.0e+0}  "
        + $"{(step.BestF1 is { } best ? $"best F1 {Percent(best)}  " : "")}{step.TokensPerSecond:0} tokens/s  {Duration(step.TimeLeft)} left";

    public static string Preparation(string what, double share, TimeSpan left) =>
        $"{what}: {share:P0}{(share < 1 ? $", {Duration(left)} left" : "")}";

    public static string Evaluation(string phase, RunMetrics metrics, bool isBest) =>
        $"{phase}  epoch {metrics.Epoch:0.00}  step {metrics.Step}  validation {Figures(metrics)}{(isBest ? "  best so far, kept" : "")}";

    public static string Figures(RunMetrics metrics) => $"F1 {Percent(metrics.F1)}  accuracy {Percent(metrics.Accuracy)}  loss {metrics.Loss:0.0000}";

    public static string Duration(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min"
        : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s"
        : $"{time.TotalSeconds:0} s";

    /// <summary>A share from 0 to 1 as percent with two places.</summary>
    public static string Percent(double share) => $"{100 * share:0.00}";

    public static string Bytes(long bytes) => bytes >= 1L << 30 ? $"{(double)bytes / (1L << 30):0.00} GiB" : $"{(double)bytes / (1L << 20):0} MiB";
}
