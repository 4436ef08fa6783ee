using LoraOnnx.CommandLine;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Runs.Ranking;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training;

/// <summary>The story of a sweep: its runs one after another, each in a folder of its own, and the table at the end.</summary>
internal static class SweepProgram
{
    private static readonly System.Text.Json.JsonSerializerOptions _json = new() { WriteIndented = true };

    /// <param name="folder">Holds the folders of the runs.</param>
    /// <param name="runs">Each with its folder as <see cref="TrainingOptions.Out"/>.</param>
    /// <param name="start">How each begins.</param>
    /// <param name="screen">Where it is told.</param>
    /// <param name="cancellationToken">Ends the run that is on, with a checkpoint, and the sweep.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">A run cannot begin, or ended with an error; then those after it were made first.</exception>
    public static int Run(string folder, IReadOnlyList<(SweepPoint Point, TrainingOptions Options)> runs, RunStart start, ITrainingDisplay screen,
        CancellationToken cancellationToken)
    {
        var display = WarnsOnce.Over(screen);
        var several = new SeveralRuns("sweep", folder, [.. runs.Select(run => (run.Point.Text, run.Options))]);
        var failures = several.Run(start, new LastInputs(), display, cancellationToken);
        Tell(runs, start.Json, display);
        return several.End(failures);
    }

    private static void Tell(IReadOnlyList<(SweepPoint Point, TrainingOptions Options)> runs, bool json, ITrainingDisplay display)
    {
        var ranking = RunRanking.Of([.. runs.Select(run => (run.Point.Folder, RunDirectory.Open(run.Options.Out).Record))], RunRanking.Validation,
            display.Warn);
        Console.Out.Write(json
            ? $"{RankingTable.Json(ranking).ToJsonString(_json)}\n"
            : $"\n{TextTable.Plain(RankingTable.Columns(ranking), RankingTable.Rows(ranking))}\n{RankingTable.Words(ranking)}\n");
    }
}
