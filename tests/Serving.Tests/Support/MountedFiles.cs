namespace LoraOnnx.Serving.Tests.Support;

/// <summary>
/// Files as Kubernetes mounts a Secret or ConfigMap: <c>NAME -> ..data/NAME</c>, <c>..data -> ..1</c>; an update makes a new folder and swaps one
/// link,
/// so that neither the path's own link nor its time changes.
/// </summary>
internal sealed class MountedFiles : IDisposable
{
    private static readonly DateTime _always = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private int _version;

    public string Folder { get; } = Directory.CreateTempSubdirectory("lora-serve-mounted-").FullName;

    /// <summary>Puts a new version of all files in place of the old one; a file that is not named is gone. Returns the path of the first.</summary>
    public string Mount(params (string Name, string Content)[] files)
    {
        var version = $"..{++_version}";
        Directory.CreateDirectory(Path.Combine(Folder, version));
        foreach (var (name, content) in files)
        {
            var target = Path.Combine(Folder, version, name);
            File.WriteAllText(target, content);
            File.SetLastWriteTimeUtc(target, _always); // as if the clock could not tell the versions apart
            var link = Path.Combine(Folder, name);
            if (new FileInfo(link).LinkTarget is null)
            {
                File.CreateSymbolicLink(link, Path.Combine("..data", name));
            }
        }

        var swapped = Path.Combine(Folder, "..data");
        File.Delete(swapped); // the link; .NET cannot rename one link to a folder over another
        Directory.CreateSymbolicLink(swapped, version);
        return Path.Combine(Folder, files[0].Name);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
