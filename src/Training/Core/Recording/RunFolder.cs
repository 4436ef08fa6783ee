using LoraOnnx.Model.Runs;

namespace LoraOnnx.Training.Recording;

/// <summary>The run directory while this process writes it: nobody else can.</summary>
internal sealed class RunFolder : IDisposable
{
    private const string LockFileName = ".lock";

    private readonly FileStream _lock;
    private readonly bool _isNew;
    private readonly bool _hadLock;
    private bool _holdsOlderRun;

    private RunFolder(string path, bool isNew)
    {
        Path = path;
        _isNew = isNew;
        _hadLock = File.Exists(LockFile);
        Directory.CreateDirectory(path);
        _lock = new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }

    private string LockFile => System.IO.Path.Combine(Path, LockFileName);

    public string Path { get; }

    /// <summary>Whether the run in it is the one that this process writes, and not one that it was to replace.</summary>
    public bool HoldsThisRun => !_holdsOlderRun && RunDirectory.IsRun(Path);

    public string TensorBoard => System.IO.Path.Combine(Path, "tensorboard");

    public string Adapter => System.IO.Path.Combine(Path, RunDirectory.AdapterFolder);

    public string Head => System.IO.Path.Combine(Path, RunDirectory.HeadFolder);

    public string Report => System.IO.Path.Combine(Path, "report.html");

    public string LastCheckpoint => System.IO.Path.Combine(Path, "checkpoints", "last");

    /// <summary>Makes the directory or takes it over, and locks it.</summary>
    /// <exception cref="InputException">It cannot be written, is in use, or holds something that must not be lost.</exception>
    public static RunFolder Open(string path, bool resume, bool overwrite)
    {
        if (File.Exists(path))
        {
            throw InputException.InFile(path, "is a file, expected a directory for --out.", "give another --out, such as runs/lora.");
        }

        try
        {
            var folder = new RunFolder(path, isNew: !Directory.Exists(path));
            try
            {
                folder.Check(resume, overwrite);
                return folder;
            }
            catch
            {
                folder.Dispose();
                folder.Leave();
                throw;
            }
        }
        catch (IOException failure) when (FileLocks.IsHeldByAnother(failure))
        {
            throw InputException.InFile(path, "another lora-train is writing this run.", "wait for it to end, or give another --out.", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw InputException.Unwritable(path, failure, "check --out: the folder must be writable and the disk have room.");
        }
    }

    /// <summary>Gives the directory free; one that was made for a run that never began goes away.</summary>
    public void Dispose()
    {
        _lock.Dispose();
        if (_isNew && Directory.EnumerateFileSystemEntries(Path).All(entry => entry == LockFile))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    /// <summary>In a directory of somebody else nothing is left.</summary>
    private void Leave()
    {
        if (!_hadLock)
        {
            File.Delete(LockFile);
        }
    }

    /// <summary>Removes what an older run left, to begin a new one.</summary>
    public void MakeRoom()
    {
        RunParts.DeleteAll(Path);
        _holdsOlderRun = false;
    }

    private void Check(bool resume, bool overwrite)
    {
        var stranger = Directory.EnumerateFileSystemEntries(Path).Select(entry => System.IO.Path.GetFileName(entry))
            .FirstOrDefault(name => !IsOurs(name));
        var isRun = RunDirectory.IsRun(Path);
        if (resume && (isRun || stranger is null))
        {
            ClearLeftovers();
            return;
        }

        if (stranger is not null)
        {
            throw InputException.InFile(Path, $"holds '{stranger}', which is not part of a run.", "give a new directory as --out.");
        }

        if (isRun && !overwrite)
        {
            throw InputException.InFile(Path, "holds a run already.", "go on with it: --resume; replace it: --overwrite; or give another --out.");
        }

        _holdsOlderRun = isRun;
    }

    private static bool IsOurs(string name) => name == LockFileName || RunParts.IsOurs(name);

    /// <summary>Puts back an adapter that a killed process had moved aside for its successor, and removes files that it had not finished.</summary>
    private void ClearLeftovers()
    {
        if (!Directory.Exists(Adapter) && RunParts.ReplacedAdapter(Path) is { } aside)
        {
            Directory.Move(aside, Adapter);
        }

        RunParts.DeleteLeftovers(Path);
    }
}
