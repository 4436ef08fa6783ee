using LoraOnnx.Inference;

namespace LoraOnnx.Serving.Models;

/// <summary>The folders of the --models directory, each a model that can be loaded by its name.</summary>
internal sealed class ModelRepository(ServingOptions options)
{
    /// <summary>Names of the folders that hold an ONNX file, in order.</summary>
    public IReadOnlyList<string> Names => options.ModelsDirectory is { } directory
        ? [.. Listed(() => Directory.GetDirectories(directory))
            .Where(folder => Listed(() => ModelFiles.TryFind(folder) is { } file ? [file] : Directory.GetFiles(folder, "*.onnx")).Length > 0)
            .Select(folder => Path.GetFileName(folder))
            .Where(ModelSource.IsName)
            .Order(StringComparer.Ordinal)]
        : [];

    /// <summary>The folder of a name, or null where there is none. A name has no separators, so it cannot lead out of the directory.</summary>
    public string? PathOf(string name)
    {
        if (options.ModelsDirectory is not { } directory || !ModelSource.IsName(name) || name is "." or "..")
        {
            return null;
        }

        var path = Path.Combine(directory, name);
        return Directory.Exists(path) ? path : null;
    }

    /// <summary>Nothing where a folder is gone, or going while it is looked at, or not for us to read: that must not end a server.</summary>
    private static string[] Listed(Func<string[]> list)
    {
        try
        {
            return list();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
