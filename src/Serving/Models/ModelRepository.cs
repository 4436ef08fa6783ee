namespace LoraOnnx.Serving.Models;

/// <summary>The folders of the --models directory, each a model that can be loaded by its name.</summary>
internal sealed class ModelRepository(ServingOptions options)
{
    /// <summary>Names of the folders that hold an ONNX file, in order.</summary>
    public IReadOnlyList<string> Names => options.ModelsDirectory is { } directory && Directory.Exists(directory)
        ? [.. Directory.GetDirectories(directory)
            .Where(folder => Directory.EnumerateFiles(folder, "*.onnx").Any())
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
}
