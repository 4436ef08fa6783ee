using System.CommandLine;

namespace LoraOnnx.CommandLine;

/// <summary>Values of options that name what has to be there, as full paths; null where the option is not given.</summary>
public static class ExistingPath
{
    /// <exception cref="InputException">There is no such directory.</exception>
    public static string? OfDirectory(ParseResult parsed, Option<string> option)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        ArgumentNullException.ThrowIfNull(option);
        var path = parsed.GetValue(option);
        return path is null || Directory.Exists(path) ? Full(path)
            : throw InputException.InFile(path, File.Exists(path) ? $"is a file, expected a directory for {option.Name}."
                : $"no such directory, which {option.Name} names.", NearbyNames.Of(path));
    }

    /// <exception cref="InputException">There is no such file.</exception>
    public static string? OfFile(ParseResult parsed, Option<string> option)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        ArgumentNullException.ThrowIfNull(option);
        var path = parsed.GetValue(option);
        return path is null || File.Exists(path) ? Full(path)
            : throw InputException.InFile(path, Directory.Exists(path) ? $"is a directory, expected a file for {option.Name}."
                : $"no such file, which {option.Name} names.", NearbyNames.Of(path));
    }

    private static string? Full(string? path) => path is null ? null : Path.GetFullPath(path);
}
