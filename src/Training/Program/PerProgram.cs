using LoraOnnx.CommandLine;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Runs.Values;
using LoraOnnx.Training.Data;
using LoraOnnx.Training.Display;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training;

/// <summary>The story of --per: a run on the texts of all values, one on those of each value with enough, and a table of which was better.</summary>
internal static class PerProgram
{
    private static readonly System.Text.Json.JsonSerializerOptions _json = new() { WriteIndented = true };

    /// <param name="options">Those of all runs, with the folder of their folders.</param>
    /// <param name="start">How each begins.</param>
    /// <param name="screen">Where it is told.</param>
    /// <param name="cancellationToken">Ends the run that is on, with a checkpoint, and those after it.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InputException">A run cannot begin, or ended with an error; then those after it were made first.</exception>
    public static int Run(TrainingOptions options, RunStart start, ITrainingDisplay screen, CancellationToken cancellationToken)
    {
        var display = WarnsOnce.Over(screen);
        var inputs = new LastInputs();
        var directory = HubModels.Locate(options.Model, DownloadProgress.OnStandardError, cancellationToken);
        var plan = ValuePlan.Of(inputs.Read(options, directory, RunRules.Current, cancellationToken).AllTexts, options);
        var runs = new SeveralRuns("values", options.Out,
        [
            ("all values", options with { Out = Path.Combine(options.Out, plan.Pooled) }),
            .. plan.Runs.Select(run => ($"{plan.Column} {run.Value}, {run.Texts} training texts",
                options with { Out = Path.Combine(options.Out, run.Folder), Value = run.Value })),
        ]);
        CheckRoom(runs, plan, start, display);
        Directory.CreateDirectory(options.Out);
        plan.Write(options.Out);
        foreach (var left in plan.LeftOut)
        {
            display.Note($"{plan.Column} {left.Value} gets no weights of its own: it has {left.Why}.");
        }

        var failures = runs.Run(start, inputs, display, cancellationToken);
        var table = ValueTable.Of(options.Out, plan);
        Console.Out.Write(start.Json ? $"{table.Json().ToJsonString(_json)}\n"
            : $"\n{TextTable.Plain(table.Columns, table.Cells())}\n{table.Words()}\n");
        display.Note($"next: lora-serve --model base=onnx/raw --adapters {options.Out}");
        return runs.End(failures);
    }

    /// <summary>All folders are looked at before the first run begins.</summary>
    private static void CheckRoom(SeveralRuns runs, ValueRuns plan, RunStart start, ITrainingDisplay display)
    {
        var (folder, isOlder) = (runs.Folder, ValueRuns.Are(runs.Folder));
        if (RunDirectory.IsRun(folder))
        {
            throw InputException.InFile(folder, "is a run, and no folder for the runs of several values.", "give another --out.");
        }

        if (!start.Resume && !start.Overwrite
            && runs.Runs.Select(run => run.Options.Out).FirstOrDefault(RunDirectory.IsRun) is { } there)
        {
            throw InputException.InFile(there, "holds a run already.",
                "go on with all of them: --resume; replace them: --overwrite; or give another --out.");
        }

        foreach (var (_, options) in runs.Runs.Where(run => start.Resume && RunDirectory.IsRun(run.Options.Out)))
        {
            _ = StoredOptions.CheckSame(StoredOptions.Of(options.Out)!, options); // there is a run
        }

        string[] stale = isOlder ? [.. ValueRuns.Open(folder).Runs.Select(run => run.Folder).Except(plan.Runs.Select(run => run.Folder))
            .Where(name => RunDirectory.IsRun(Path.Combine(folder, name)))] : [];
        if (stale.Length > 0)
        {
            display.Warn($"{folder} keeps runs of values that have none now: {string.Join(", ", stale)}. lora-serve --adapters would serve them.");
        }
    }
}
