using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LoraOnnx.Merge;

/// <summary>
/// Where a merge writes before its files get their names: <c>.merge-PID.partial</c> in the folder they go to. They are moved together: what is killed
/// in between is brought to its end by the next merge, what fails in between is taken back. What was killed before is removed.
/// </summary>
internal sealed partial class MergeStage : IDisposable
{
    /// <summary>Held open by the merge that lives; another process that can open it knows that it is dead.</summary>
    private const string LockFile = ".lock";

    /// <summary>There once everything is written and proven; from then on the files are to be moved.</summary>
    private const string CommitFile = ".commit";

    /// <summary>Holds what the files replace, until all are moved.</summary>
    private const string ReplacedFolder = ".replaced";

    private readonly string _target;
    private readonly bool _existed;
    private readonly FileStream _lock;

    private MergeStage(string target)
    {
        _target = target;
        _existed = Directory.Exists(target);
        Folder = Path.Combine(target, $".merge-{Environment.ProcessId}{AtomicFile.TemporarySuffix}");
        Directory.CreateDirectory(Folder);
        _lock = new FileStream(Path.Combine(Folder, LockFile), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
    }

    /// <summary>The folder to write into.</summary>
    public string Folder { get; }

    /// <summary>Makes the folder, and ends or removes what dead merges left beside it.</summary>
    /// <exception cref="InputException">A file stands where a folder is to be.</exception>
    public static MergeStage Begin(string target)
    {
        for (var folder = target; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(folder))
            {
                throw InputException.InFile(folder, "is a file, expected a directory.", "name another directory, or move the file away.");
            }
        }

        foreach (var dead in Directory.Exists(target) ? Directory.GetDirectories(target, $".merge-*{AtomicFile.TemporarySuffix}").Where(IsDead) : [])
        {
            if (File.Exists(Path.Combine(dead, CommitFile)))
            {
                Move(dead, target, ForeignFile.ReadText(Path.Combine(dead, CommitFile), 1 << 10, "a name", CancellationToken.None));
                VisibleLines.Tell($"note: a merge that was killed while it moved its files into {target} was brought to its end.");
            }

            Directory.Delete(dead, recursive: true);
        }

        return new MergeStage(target);
    }

    /// <summary>Moves everything to its place, folders included, <paramref name="last"/> last.</summary>
    public void Commit(string last)
    {
        AtomicFile.WriteText(Path.Combine(Folder, CommitFile), last);
        Move(Folder, _target, last);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lock.Dispose();
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }

        if (!_existed && Directory.Exists(_target) && !Directory.EnumerateFileSystemEntries(_target).Any())
        {
            Directory.Delete(_target);
        }
    }

    private static void Move(string from, string to, string last)
    {
        var replaced = Directory.CreateDirectory(Path.Combine(from, ReplacedFolder)).FullName;
        var moved = new List<string>();
        try
        {
            foreach (var name in Written(from).OrderBy(name => name == last))
            {
                var target = Path.Combine(to, name);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!); // a file in a folder
                if (File.Exists(target))
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(replaced, name))!);
                    File.Replace(Path.Combine(from, name), target, Path.Combine(replaced, name));
                }
                else
                {
                    File.Move(Path.Combine(from, name), target);
                }

                moved.Add(name);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            foreach (var name in moved)
            {
                var before = Path.Combine(replaced, name);
                if (File.Exists(before))
                {
                    File.Move(before, Path.Combine(to, name), overwrite: true);
                }
                else
                {
                    File.Delete(Path.Combine(to, name));
                }
            }

            throw;
        }
    }

    /// <summary>The files of a stage with those in its folders, by their paths below it.</summary>
    private static List<string> Written(string stage) =>
        [.. Directory.EnumerateFiles(stage, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(stage, file))
            .Where(name => name is not (LockFile or CommitFile)
                && !name.StartsWith(ReplacedFolder + Path.DirectorySeparatorChar, StringComparison.Ordinal))];

    /// <summary>A folder of our name, no link, whose process has ended.</summary>
    private static bool IsDead(string folder)
    {
        if (OwnName().Match(Path.GetFileName(folder)) is not { Success: true } name || new DirectoryInfo(folder).LinkTarget is not null)
        {
            return false;
        }

        var held = Path.Combine(folder, LockFile);
        try
        {
            if (!File.Exists(held))
            {
                return !IsRunning(int.Parse(name.Groups[1].ValueSpan, CultureInfo.InvariantCulture)); // of a version without locks
            }

            using var taken = new FileStream(held, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false; // held, or not ours to judge
        }
    }

    private static bool IsRunning(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return process != Environment.ProcessId; // left by an earlier process of our own number
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\A\.merge-([0-9]{1,9})\.partial\z")]
    private static partial Regex OwnName();
}
