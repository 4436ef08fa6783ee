using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Runs.Values;
using LoraOnnx.Training.Options;

namespace LoraOnnx.Training;

/// <summary>What a run began with, and goes on with.</summary>
internal static class StoredOptions
{
    /// <summary>Options of the run in <paramref name="directory"/>, or null when it was cut before it wrote any; then everything starts
    /// anew.</summary>
    public static TrainingOptions? Of(string directory)
    {
        if (directory.Length == 0 || !RunDirectory.IsRun(directory))
        {
            return null;
        }

        var path = Path.Combine(directory, RunDirectory.RecordFileName);
        return RunDirectory.Open(directory).Record.Options is { } json
            ? TrainingOptions.FromJson(json, path) with { Out = directory }
            : throw InputException.InFile(
                path, "'options' is missing.", "this run was not written by lora-train; start a new one in another directory.");
    }

    /// <summary>Options of the runs for values in a folder, or null where it holds none.</summary>
    public static TrainingOptions? OfValues(string folder) => folder.Length == 0 || !ValueRuns.Are(folder) ? null
        : TrainingOptions.FromJson(ValueRuns.Open(folder).Options, Path.Combine(folder, ValueRuns.FileName)) with { Out = folder };

    /// <summary>The stored options, where those that are wanted are the same.</summary>
    /// <exception cref="InputException">They differ.</exception>
    public static TrainingOptions CheckSame(TrainingOptions stored, TrainingOptions wanted)
    {
        var changes = TrainingOptions.Differences(stored, wanted).ToList();
        return changes.Count == 0 ? stored : throw new InputException(
            "a resumed run keeps its options; these differ: "
                + $"{string.Join("; ", changes.Select(change => $"{change.Name} was {Show(change.Left)}, is now {Show(change.Right)}"))}.",
            "leave them out (--out RUN --resume is enough), or start a new run in another directory.");
    }

    private static string Show(string value) => value.Length == 0 ? "not set" : value;
}
