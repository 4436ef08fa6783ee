namespace LoraOnnx.Evaluation.Models;

/// <summary>What a report calls a model or data set: a path as it was given, of an absolute one only its end. Where things lie on a machine is nobody
/// else's business.</summary>
internal static class SourceName
{
    public static string Of(string path)
    {
        if (Uri.TryCreate(path, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            return $"{address.Scheme}://{address.Authority}{address.AbsolutePath}"; // without a user's name and password
        }

        if (!Path.IsPathRooted(path))
        {
            return path;
        }

        var end = Path.TrimEndingDirectorySeparator(path);
        var name = Path.GetFileName(end);
        return Path.GetExtension(name) == ".onnx" && Path.GetFileName(Path.GetDirectoryName(end)) is { Length: > 0 } folder
            ? $"{folder}/{name}"
            : name;
    }
}
