using System.CommandLine;

namespace LoraOnnx.CommandLine;

/// <summary>Values of options that name what has to be there, as full paths; null where the option is not given.</summary>
public static class ExistingPath
{
    /// <exception cref="InputException">There is no such directory.</exception>
    public static string? OfDirectory(ParseResult parsed, Option<string> option) => Of(parsed, option, Directory.Exists, "directory", "file");

    /// <exception cref="InputException">There is no such file.</exception>
    public static string? OfFile(ParseResult parsed, Option<string> option) => Of(parsed, option, File.Exists, "file", "directory");

    private static string? Of(ParseResult parsed, Option<string> option, Func<string, bool> isThere, string kind, string otherKind)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        ArgumentNullException.ThrowIfNull(option);
        var path = parsed.GetValue(option);
        return path is null ? null : isThere(path) ? Path.GetFullPath(path)
            : throw InputException.InFile(path, Path.Exists(path) ? $"is a {otherKind}, expected a {kind} for {option.Name}."
                : $"no such {kind}, which {option.Name} names.", NearbyNames.Of(path));
    }
}
