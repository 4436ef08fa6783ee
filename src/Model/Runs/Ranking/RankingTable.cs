using System.Globalization;
using System.Text.Json.Nodes;

namespace LoraOnnx.Model.Runs.Ranking;

/// <summary>A ranking in words: rows of a table, a sentence, and JSON.</summary>
public static class RankingTable
{
    private const string Absent = "–";

    /// <summary>Names of the columns: the figures that rank, those on the other texts where there are some, and the options that differ.</summary>
    public static IReadOnlyList<string> Columns(RunRanking ranking)
    {
        ArgumentNullException.ThrowIfNull(ranking);
        return
        [
            "run", $"{ranking.By} F1", "accuracy", "loss", .. Other(ranking) is { } other ? [$"{other} F1"] : Array.Empty<string>(), "trained",
            "training", .. ranking.Options.Select(option => option.Option),
        ];
    }

    /// <summary>A row a run.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Rows(RunRanking ranking)
    {
        ArgumentNullException.ThrowIfNull(ranking);
        return [.. ranking.Runs.Select((run, place) => (IReadOnlyList<string>)
        [
            run.Name,
            Percent(run.Figures?.F1),
            Percent(run.Figures?.Accuracy),
            run.Figures is { Loss: var loss } ? Text(loss, "0.0000") : Absent,
            .. Other(ranking) is { } other ? [Percent(RunRanking.Figures(run.Record, other)?.F1)] : Array.Empty<string>(),
            Text(run.Record.TrainedParameters, "#,0"),
            Duration(run.Record.TrainingSeconds),
            .. ranking.Options.Select(option => option.Values[place] ?? Absent),
        ])];
    }

    /// <summary>How many runs, what ranks them, in what they differ.</summary>
    public static string Words(RunRanking ranking)
    {
        ArgumentNullException.ThrowIfNull(ranking);
        var differ = ranking.Options.Count == 0
            ? "They have the same options."
            : $"They differ in {string.Join(", ", ranking.Options.Select(option => option.Option))}.";
        return $"{ranking.Runs.Count} runs, ranked by their own F1 on the {ranking.By} texts. {(ranking.Runs.Count == 1 ? "" : $"{differ} ")}"
            + "Whether a difference is more than chance: lora-compare .. --data FILE.";
    }

    /// <summary>The same for programs.</summary>
    public static JsonObject Json(RunRanking ranking)
    {
        ArgumentNullException.ThrowIfNull(ranking);
        return new JsonObject
        {
            ["ranked_by"] = $"{ranking.By}_f1",
            ["options_that_differ"] = new JsonArray([.. ranking.Options.Select(option => (JsonNode)option.Option)]),
            ["runs"] = new JsonArray([.. ranking.Runs.Select((run, place) => (JsonNode)new JsonObject
            {
                ["name"] = run.Name,
                ["f1"] = run.Figures?.F1,
                ["accuracy"] = run.Figures?.Accuracy,
                ["loss"] = run.Figures?.Loss,
                ["validation_f1"] = run.Record.Validation?.F1,
                ["test_f1"] = run.Record.Test?.F1,
                ["trained_parameters"] = run.Record.TrainedParameters,
                ["training_seconds"] = run.Record.TrainingSeconds,
                ["finished"] = run.Record.Finished,
                ["options"] = new JsonObject(ranking.Options.Select(option => KeyValuePair.Create(option.Option, (JsonNode?)option.Values[place]))),
            })]),
        };
    }

    /// <summary>The texts that do not rank, where some run was measured on them.</summary>
    private static string? Other(RunRanking ranking)
    {
        var other = ranking.By == RunRanking.Test ? RunRanking.Validation : RunRanking.Test;
        return ranking.Runs.Any(run => RunRanking.Figures(run.Record, other) is not null) ? other : null;
    }

    private static string Percent(double? share) => share is { } known ? Text(100 * known, "0.00") : Absent;

    private static string Duration(double seconds) => seconds < 60 ? $"{Text(seconds, "0.0")} s"
        : seconds < 3600 ? $"{(int)seconds / 60} min {(int)seconds % 60:00} s"
        : $"{(int)seconds / 3600} h {(int)seconds / 60 % 60:00} min";

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
