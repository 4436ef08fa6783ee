using LoraOnnx.Inference;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Serving.Models;

/// <summary>Tells whether the files of a model changed, from the names, sizes and times of what stands behind all links.</summary>
internal static class FilesStamp
{
    /// <summary>More links one behind the other than any system follows.</summary>
    private const int MostLinks = 40;

    private static readonly EnumerationOptions _below = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 3,
        AttributesToSkip = FileAttributes.None,
        IgnoreInaccessible = true,
    };

    /// <summary>A stamp of all files beside the ONNX file; empty where there is no such directory.</summary>
    public static string Of(string path)
    {
        try
        {
            // In optimum's and Triton's layouts the ONNX file stands one folder below config.json.
            // A run has its adapter and its head in folders of their own.
            var directory = ModelFiles.DirectoryOf(path);
            string[] folders =
            [
                directory,
                .. ((string[])[RunDirectory.AdapterFolder, RunDirectory.HeadFolder]).Select(part =>
                    Path.Combine(directory, part)).Where(Directory.Exists),
            ];
            var files = folders.SelectMany(folder => new DirectoryInfo(folder).EnumerateFiles());
            if (Path.GetDirectoryName(ModelFiles.TryFind(path)) is { } ofOnnx)
            {
                files = files.Concat(new DirectoryInfo(ofOnnx).EnumerateFiles("*", _below)); // its weights may lie in folders of their own
            }

            return string.Join('|', files.DistinctBy(file => file.FullName, StringComparer.Ordinal)
                .OrderBy(file => file.FullName, StringComparer.Ordinal).Select(Of));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return ""; // gone, or going while it is looked at: the next look sees what became of it
        }
    }

    private static string Of(FileInfo file)
    {
        // A mounted ConfigMap is a link to a link to a folder that is swapped: neither link's own size or time says so.
        var links = 0;
        var target = new FileInfo(Resolve(file.FullName, ref links));
        return target.Exists ? $"{file.Name}/{target.FullName}/{target.Length}/{target.LastWriteTimeUtc.Ticks}" : file.Name; // a dead link
    }

    /// <summary>The path without links, also in the folders above.</summary>
    private static string Resolve(string path, ref int links)
    {
        var resolved = Path.GetPathRoot(path)!; // paths are full here
        foreach (var part in path[resolved.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(resolved, part);
            if (new FileInfo(next).LinkTarget is { } target)
            {
                next = ++links <= MostLinks
                    ? Resolve(Path.GetFullPath(target, resolved), ref links)
                    : throw new IOException($"{path}: too many links.");
            }

            resolved = next;
        }

        return resolved;
    }
}
