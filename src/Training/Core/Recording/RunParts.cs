using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Training.Recording;

/// <summary>
/// The files that make a run, where this program puts them. Only these are ever deleted, and nothing behind a link: somebody else's files may lie
/// beside them, and a folder of a run may be a link to a place that other runs share.
/// </summary>
internal static class RunParts
{
    /// <summary>Entries of the run directory, run.json, which makes it one, first.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [RunDirectory.RecordFileName, RunLog.MetricsFileName, ReferenceLogits.FileName, "report.html", "tensorboard", "checkpoints",
            RunDirectory.AdapterFolder, RunDirectory.HeadFolder, Calibration.FileName];

    /// <summary>Files in the folders of a run: the folder, and how the names of ours begin.</summary>
    private static readonly (string Folder, string[] Files)[] _folders =
    [
        (Path.Combine("checkpoints", "last"), [TrainingCheckpoint.FileName]),
        ("checkpoints", []),
        ("tensorboard", [RunLog.EventsPrefix]),
        (RunDirectory.AdapterFolder, ["adapter_config.json", "adapter_model.safetensors", ModelConfig.FileName, RunCard.FileName]),
        (RunDirectory.HeadFolder, ["model.safetensors", ModelConfig.FileName, RunCard.FileName]),
    ];

    /// <summary>True for an entry of a run directory that this program may have made.</summary>
    public static bool IsOurs(string name) => Names.Contains(name) || IsLeftover(name, Names);

    /// <summary>Deletes a run: its files, then its folders where nothing else is in them.</summary>
    public static void DeleteAll(string run)
    {
        DeleteFiles(run, name => Names.Contains(name)); // run.json among them: what is left of a deletion that is cut short is no run
        DeleteLeftovers(run);
        foreach (var (folder, files) in _folders)
        {
            var path = Path.Combine(run, folder);
            if (IsRealFolder(run, folder))
            {
                DeleteFiles(path, name => files.Any(file => name.StartsWith(file, StringComparison.Ordinal)));
                if (!Directory.EnumerateFileSystemEntries(path).Any())
                {
                    Directory.Delete(path);
                }
            }
        }
    }

    /// <summary>Deletes what a killed process had not finished: temporary siblings of the files and folders of a run.</summary>
    public static void DeleteLeftovers(string run)
    {
        DeleteFiles(run, name => IsLeftover(name, Names));
        foreach (var folder in Directory.GetDirectories(run).Where(folder => IsLeftover(Path.GetFileName(folder), Names) && !IsLink(folder)))
        {
            Directory.Delete(folder, recursive: true); // deletes links in it, not what they lead to
        }

        foreach (var (folder, files) in _folders.Where(pair => IsRealFolder(run, pair.Folder)))
        {
            DeleteFiles(Path.Combine(run, folder), name => IsLeftover(name, files));
        }

        // Made for a head that was not finished: a folder without weights would pass for one.
        var head = Path.Combine(run, RunDirectory.HeadFolder);
        if (IsRealFolder(run, RunDirectory.HeadFolder) && !Directory.EnumerateFileSystemEntries(head).Any())
        {
            Directory.Delete(head);
        }
    }

    /// <summary>An adapter that a killed process had moved aside for its successor, or null.</summary>
    public static string? ReplacedAdapter(string run) =>
        Directory.GetDirectories(run, $"{RunDirectory.AdapterFolder}.*.replaced{AtomicFile.TemporarySuffix}")
            .FirstOrDefault(folder => !IsLink(folder));

    /// <summary>Deletes the event files of earlier processes, but for one.</summary>
    public static void DeleteOtherEvents(string run, string but)
    {
        if (IsRealFolder(run, "tensorboard"))
        {
            DeleteFiles(Path.Combine(run, "tensorboard"), name => name != but && name.StartsWith(RunLog.EventsPrefix, StringComparison.Ordinal)
                && name.EndsWith(RunLog.EventsSuffix, StringComparison.Ordinal));
        }
    }

    private static bool IsLeftover(string name, IEnumerable<string> of) =>
        name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal) && of.Any(part => name.StartsWith($"{part}.", StringComparison.Ordinal));

    private static void DeleteFiles(string folder, Func<string, bool> isOurs)
    {
        foreach (var path in Directory.GetFiles(folder).Where(path => isOurs(Path.GetFileName(path)) && !IsLink(path)))
        {
            File.Delete(path);
        }
    }

    /// <summary>True when the folder is there and no step on the way to it is a link.</summary>
    private static bool IsRealFolder(string run, string folder)
    {
        var path = run;
        foreach (var step in folder.Split(Path.DirectorySeparatorChar))
        {
            path = Path.Combine(path, step);
            if (!Directory.Exists(path) || IsLink(path))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;
}
