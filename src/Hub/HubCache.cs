
namespace LoraOnnx.Hub;

/// <summary>
/// A repository's folder in the cache that Python's huggingface_hub keeps: <c>blobs/ETAG</c>, <c>refs/REVISION</c> (holds a commit),
/// <c>snapshots/COMMIT/FILE</c> (links to blobs), <c>.no_exist/COMMIT/FILE</c>, and locks beside it.
/// </summary>
public sealed class HubCache(HubSettings settings, HubRepository repository)
{
    private const int LongestName = 1024;

    private const int LargestRef = 256;

    private string Root => Path.Combine(settings.CacheDirectory, repository.FolderName);

    /// <summary>Where a blob is once it is whole.</summary>
    public string BlobPath(string etag) => Path.Combine(Root, "blobs", etag);

    /// <summary>Where a blob grows.</summary>
    public string PartPath(string etag) => BlobPath(etag) + ".incomplete";

    /// <summary>The folder of a commit's files.</summary>
    public string SnapshotPath(string commit) => Path.Combine(Root, "snapshots", commit);

    /// <summary>The commit that the revision stood for when it was last asked; null when it never was.</summary>
    public string? KnownCommit()
    {
        if (repository.IsPinned)
        {
            return repository.Revision;
        }

        if (!File.Exists(RefPath))
        {
            return null;
        }

        var commit = ForeignFile.ReadText(RefPath, LargestRef, "a commit", CancellationToken.None).Trim();
        return HubRepository.IsCommit(commit) ? commit
            : throw InputException.InFile(
                RefPath, $"holds '{commit}', expected a commit of 40 digits.", "remove the file: the hub is then asked again.");
    }

    /// <summary>Notes the commit that the revision stands for.</summary>
    public void Remember(string commit)
    {
        if (!repository.IsPinned && KnownCommit() != commit)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(RefPath)!); // a file inside the cache has a folder
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw InputException.Unwritable(
                    settings.CacheDirectory, failure, "the cache of the hub must be writable: HF_HUB_CACHE or HF_HOME names another.");
            }

            AtomicFile.Write(RefPath, stream => stream.Write(System.Text.Encoding.ASCII.GetBytes(commit)));
        }
    }

    /// <summary>True when the file is in the snapshot.</summary>
    public bool Has(string commit, string file) => File.Exists(InSnapshot(commit, file));

    /// <summary>True when the hub has said that the commit has no such file.</summary>
    public bool IsKnownAbsent(string commit, string file) => File.Exists(AbsenceOf(commit, file));

    /// <summary>Notes that the commit has no such file.</summary>
    public void RememberAbsent(string commit, string file)
    {
        var marker = AbsenceOf(commit, file);
        Directory.CreateDirectory(Path.GetDirectoryName(marker)!); // likewise
        File.WriteAllBytes(marker, []);
    }

    /// <summary>Names of the files in the snapshot, with slashes.</summary>
    public IReadOnlyList<string> Names(string commit)
    {
        var snapshot = SnapshotPath(commit);
        return Directory.Exists(snapshot)
            ? [.. Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(snapshot, file).Replace('\\', '/'))]
            : [];
    }

    /// <summary>Puts a blob into the snapshot: as a relative link, or where links are not allowed as a copy.</summary>
    public void Link(string commit, string file, string etag)
    {
        var link = InSnapshot(commit, file);
        var folder = Path.GetDirectoryName(link)!; // likewise
        Directory.CreateDirectory(folder);
        try
        {
            if (!File.Exists(link))
            {
                File.Delete(link); // a link whose blob somebody has deleted
            }

            File.CreateSymbolicLink(link, Path.GetRelativePath(folder, BlobPath(etag)));
        }
        catch (IOException) when (File.Exists(link))
        {
            // Another process was first.
        }
        catch (Exception failure) when (OperatingSystem.IsWindows() && failure is IOException or UnauthorizedAccessException)
        {
            File.Copy(BlobPath(etag), link, overwrite: true);
        }
    }

    /// <summary>Waits until no other process, of ours or Python's, fetches the blob.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while waiting.</exception>
    public FileStream Lock(string etag, Action waiting, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(settings.CacheDirectory, ".locks", repository.FolderName);
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(Path.Combine(Root, "blobs"));
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(Path.Combine(folder, $"{etag}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException failure) when (FileLocks.IsHeldByAnother(failure))
            {
                if (attempt == 0)
                {
                    waiting();
                }

                cancellationToken.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(100));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private string AbsenceOf(string commit, string file) =>
        Path.Combine(Root, ".no_exist", commit, Path.GetRelativePath(SnapshotPath(commit), InSnapshot(commit, file)));

    private string RefPath => Path.Combine(Root, "refs", repository.Revision);

    private string InSnapshot(string commit, string file) => IsInside(file) ? Path.Combine(SnapshotPath(commit), file)
        : throw new InputException($"{repository.Id}: '{file}' is not the name of a file in a repository.", "check HF_ENDPOINT.");

    /// <summary>True for a name with slashes that stays in its snapshot: no root, no way up, no control characters, and no longer than a path may
    /// be.</summary>
    internal static bool IsInside(string name) => name.Length is > 0 and <= LongestName && !Path.IsPathRooted(name) && !name.Any(char.IsControl)
        && name.AsSpan().IndexOfAny('\\', ':') < 0 && !name.Split('/').Any(part => part is "" or "." or "..");
}
