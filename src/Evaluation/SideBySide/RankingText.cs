using System.Text.Json.Nodes;
using LoraOnnx.Evaluation.Reports;
using LoraOnnx.Evaluation.Statistics;

namespace LoraOnnx.Evaluation.SideBySide;

/// <summary>A ranking as a table in plain text or Markdown, and as JSON.</summary>
internal static class RankingText
{
    public static string Table(RunRanking ranking, bool markdown)
    {
        string[] columns = ["run", $"{ranking.By} F1", "accuracy", "loss", "trained", "training", .. ranking.Options.Select(option => option.Option)];
        IReadOnlyList<string>[] rows = [.. ranking.Runs.Select((run, place) => Row(ranking, run, place))];
        return $"{(markdown ? TableText.Markdown(columns, rows) : TableText.Plain(columns, rows))}\n{Words(ranking)}\n";
    }

    public static JsonObject Json(RunRanking ranking) => new()
    {
        ["ranked_by"] = $"{ranking.By}_f1",
        ["options_that_differ"] = JsonReport.List(ranking.Options, option => option.Option),
        ["runs"] = JsonReport.List(ranking.Runs.Select((run, place) => (run, place)), pair => new JsonObject
        {
            ["name"] = pair.run.Name,
            ["f1"] = pair.run.Figures?.F1,
            ["accuracy"] = pair.run.Figures?.Accuracy,
            ["loss"] = pair.run.Figures?.Loss,
            ["trained_parameters"] = pair.run.Record.TrainedParameters,
            ["training_seconds"] = pair.run.Record.TrainingSeconds,
            ["finished"] = pair.run.Record.Finished,
            ["options"] = JsonReport.Map(ranking.Options, option => option.Option, option => option.Values[pair.place]),
        }),
    };

    private static IReadOnlyList<string> Row(RunRanking ranking, RankedRun run, int place) =>
    [
        run.Name,
        Numbers.Figure(Figure.F1, run.Figures?.F1),
        Numbers.Figure(Figure.Accuracy, run.Figures?.Accuracy),
        Numbers.Figure(Figure.LogLoss, run.Figures?.Loss),
        Numbers.Count(run.Record.TrainedParameters),
        Numbers.Duration(run.Record.TrainingSeconds),
        .. ranking.Options.Select(option => option.Values[place]),
    ];

    private static string Words(RunRanking ranking)
    {
        var differ = ranking.Options.Count == 0
            ? "They have the same options."
            : $"They differ in {string.Join(", ", ranking.Options.Select(option => option.Option))}.";
        return $"{ranking.Runs.Count} runs, ranked by their own F1 on the {ranking.By} texts. {(ranking.Runs.Count == 1 ? "" : $"{differ} ")}"
            + "Whether a difference is more than chance: lora-compare .. --data FILE.";
    }
}
