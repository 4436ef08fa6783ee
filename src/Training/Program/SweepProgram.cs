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
        var inputs = new LastInputs();
        var failures = new List<string>();
        foreach (var ((point, options), place) in runs.Select((run, place) => (run, place)))
        {
            display.Note($"run {place + 1} of {runs.Count}: {point.Text}");
            try
            {
                TrainingProgram.Run(options, start with { Json = false }, inputs, display, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                display.Note($"with all runs of the sweep: lora-train --out {folder} --resume");
                throw;
            }
            catch (InputException failure) when (HasBegun(options.Out))
            {
                display.Warn($"{point.Text}: {failure.Message}");
                failures.Add(point.Text);
            }
        }

        Tell(runs, start.Json, display);
        return failures.Count == 0 ? ExitCode.Success : throw new InputException(
            $"{failures.Count} of {runs.Count} runs ended with an error: {string.Join("; ", failures)}.",
            "the warnings above say which; the other runs are whole.");
    }

    /// <summary>What is wrong with files or options is wrong for all runs; what happens once one has begun, such as a loss that is not finite,
    /// for that one.</summary>
    private static bool HasBegun(string folder) => RunDirectory.IsRun(folder) && RunDirectory.Open(folder).Record is { Finished: false };

    private static void Tell(IReadOnlyList<(SweepPoint Point, TrainingOptions Options)> runs, bool json, ITrainingDisplay display)
    {
        var ranking = RunRanking.Of([.. runs.Select(run => (run.Point.Folder, RunDirectory.Open(run.Options.Out).Record))], RunRanking.Validation,
            display.Warn);
        Console.Out.Write(json
            ? $"{RankingTable.Json(ranking).ToJsonString(_json)}\n"
            : $"\n{TextTable.Plain(RankingTable.Columns(ranking), RankingTable.Rows(ranking))}\n{RankingTable.Words(ranking)}\n");
    }
}
