using System.Globalization;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Runs;
using LoraOnnx.Reports.Pages;
using LoraOnnx.Training.Display;

namespace LoraOnnx.Training.Report;

/// <summary>What a reader with one minute should know of a run: from where to where, how surely, on which texts, at what price.</summary>
internal static class RunHeadline
{
    public static ReportHead Of(RunRecord record)
    {
        var (role, raw, kept) = record.Test is { } test ? ("test", record.RawTest, test) : ("validation", record.Raw, record.Validation);
        var data = record.Data.FirstOrDefault(set => set.Role == role) ?? record.Data.FirstOrDefault(set => set.Role == "train");
        string[] facts =
        [
            .. data is null ? [] : new[]
            {
                $"{Name(data.Source)}, {data.Texts.ToString("#,0", CultureInfo.InvariantCulture)} {(data.Role == role ? role : "training")} texts",
            },
            $"base {Name(record.Model)}",
            .. record.StartedAt is { } started
                ? [$"{started.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture)} UTC"]
                : Array.Empty<string>(),
        ];
        return new ReportHead($"lora-train: {record.Method}{(data is null ? "" : $" on {Name(data.Source)}")}", string.Join(" · ", facts),
            Headline(role, raw, kept),
            $"{Certainty(raw, kept)}{Price(record)}{Kept(record)}");
    }

    /// <summary>The 95 % interval of F1, or null where the counts are not known.</summary>
    public static string? Interval(RunMetrics metrics)
    {
        (double Low, double High)? interval = metrics switch
        {
            { Confusion: { } rows } => F1Interval.Of(ConfusionMatrix.Of(rows)),
            { LabelSets: { Count: > 0 } sets } => F1Interval.Of(sets),
            _ => null,
        };
        return interval is var (low, high) ? $"{DisplayText.Percent(low)} to {DisplayText.Percent(high)}" : null;
    }

    /// <summary>A hub's name as it is, the end of a path: where things lie on a machine is nobody else's business.</summary>
    public static string Name(string source) => Path.IsPathRooted(source) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(source)) : source;

    private static string Headline(string role, RunMetrics? raw, RunMetrics? kept) => (raw, kept) switch
    {
        (_, null) => "Trained, and measured on no texts",
        (null, _) => $"{Capital(role)} F1 {DisplayText.Percent(kept.F1)} %",
        _ when kept.F1 <= raw.F1 => $"{Capital(role)} F1 did not rise: from {DisplayText.Percent(raw.F1)} to {DisplayText.Percent(kept.F1)} %",
        _ => $"{Capital(role)} F1 from {DisplayText.Percent(raw.F1)} to {DisplayText.Percent(kept.F1)} %",
    };

    private static string Certainty(RunMetrics? raw, RunMetrics? kept)
    {
        if (kept is null || Interval(kept) is not { } interval)
        {
            return "";
        }

        return $"95 % interval {interval} %{(raw is not null && Interval(raw) is { } before ? $" (raw model: {before})" : "")}. ";
    }

    private static string Price(RunRecord record) =>
        $"Method {record.Method}{(record.Rank is { } rank ? $", rank {rank}" : "")}: "
            + $"{record.TrainedParameters.ToString("#,0", CultureInfo.InvariantCulture)} parameters trained in "
        + $"{DisplayText.Duration(TimeSpan.FromSeconds(record.TrainingSeconds))}. ";

    private static string Kept(RunRecord record) => record.Best is { } best
        ? $"The weights of step {best.Step} of {record.Steps} are kept, the best on the validation texts."
        : "Without validation texts the weights of the last step are kept.";

    private static string Capital(string word) => $"{char.ToUpperInvariant(word[0])}{word[1..]}";
}
