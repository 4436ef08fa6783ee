namespace LoraOnnx.Compatibility.Tests;

/// <summary>A copy of what the programs wrote at e149586, with the paths in it as if it had been made where the copy lies.</summary>
internal sealed class OldFiles : IDisposable
{
    /// <summary>What the tracked files say in the place of the folder that they were made in.</summary>
    private const string MadeIn = "/made/there";

    private readonly TemporaryFolder _folder = new();

    public OldFiles()
    {
        foreach (var file in Directory.EnumerateFiles(Tracked, "*", SearchOption.AllDirectories))
        {
            var copy = this[Path.GetRelativePath(Tracked, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
            if (Path.GetFileName(copy) is "run.json")
            {
                File.WriteAllText(copy, File.ReadAllText(copy).Replace(MadeIn, _folder.Path, StringComparison.Ordinal));
            }
        }
    }

    public static string Tracked => Repository.Path("tests", "Compatibility", "e149586");

    public string this[string name] => Path.Combine(_folder.Path, name);

    public void Dispose() => _folder.Dispose();
}
