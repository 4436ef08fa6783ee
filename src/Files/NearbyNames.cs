namespace LoraOnnx.Files;

/// <summary>What stands where a path was looked for, for somebody who mistyped it.</summary>
public static class NearbyNames
{
    private const int Most = 8;

    /// <summary>"onnx has: lora, raw."; the names most like the missing one first, nothing where that says nothing.</summary>
    public static string Of(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.StartsWith("~/", StringComparison.Ordinal))
        {
            return "the shell has left ~ as it is: write $HOME in its place."; // as behind --model=
        }

        try
        {
            var (folder, missing) = (Path.GetDirectoryName(path), Path.GetFileName(path));
            while (!string.IsNullOrEmpty(folder) && !Directory.Exists(folder))
            {
                (folder, missing) = (Path.GetDirectoryName(folder), Path.GetFileName(folder));
            }

            var isHere = string.IsNullOrEmpty(folder);
            var names = new DirectoryInfo(isHere ? "." : folder!).EnumerateFileSystemInfos() // isHere covers null
                .Where(entry => !entry.Name.StartsWith('.')).Select(entry => entry.Name)
                .OrderByDescending(name => Shared(name, missing ?? "")).ThenBy(name => name, StringComparer.Ordinal).Take(Most + 1).ToList();
            return names.Count == 0 ? isHere ? "" : $"{folder} is empty."
                : $"{(isHere ? "The current directory" : folder)} has: {string.Join(", ", names.Take(Most))}{(names.Count > Most ? ", ..." : ".")}";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return ""; // the error itself is told without
        }
    }

    /// <summary>Characters that both begin with, in capitals or not.</summary>
    private static int Shared(string left, string right) =>
        left.Zip(right).TakeWhile(pair => char.ToUpperInvariant(pair.First) == char.ToUpperInvariant(pair.Second)).Count();
}
