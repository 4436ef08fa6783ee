using LoraOnnx.Inference;
using LoraOnnx.Inference.Variants;

namespace LoraOnnx.Serving.Models;

/// <summary>The folders of the --models and --adapters directories, each a model or an adapter that can be loaded by its name.</summary>
internal sealed class ModelRepository(ServingOptions options)
{
    /// <summary>Names of the folders that hold an ONNX file, in order.</summary>
    public IReadOnlyList<string> ModelNames => options.ModelsDirectory is { } directory
        ? [.. Listed(() => Directory.GetDirectories(directory))
            .Where(folder => Listed(() => ModelFiles.TryFind(folder) is { } file ? [file] : Directory.GetFiles(folder, "*.onnx")).Length > 0)
            .Select(folder => Path.GetFileName(folder))
            .Where(ModelSource.IsName)
            .Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Names of the folders that hold an adapter, in order.</summary>
    public IReadOnlyList<string> AdapterNames => options.AdaptersDirectory is { } directory
        ? [.. Listed(() => Directory.GetDirectories(directory))
            .Where(VariantSource.IsAdapter)
            .Select(folder => Path.GetFileName(folder))
            .Where(ModelSource.IsName)
            .Order(StringComparer.Ordinal)]
        : [];

    /// <summary>All names; where two folders have one, the model's counts.</summary>
    public IReadOnlyList<string> Names => [.. ModelNames, .. AdapterNames.Except(ModelNames, StringComparer.Ordinal)];

    /// <summary>Why a directory cannot be listed, or null where all can: gone with its disk, or no longer for us to read.</summary>
    public string? Unlistable
    {
        get
        {
            try
            {
                foreach (var directory in new[] { options.ModelsDirectory, options.AdaptersDirectory }.OfType<string>())
                {
                    _ = Directory.GetDirectories(directory);
                }

                return null;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                return failure.Message;
            }
        }
    }

    /// <summary>What a name means, or null where there is no folder of it.</summary>
    public ModelSource? SourceOf(string name) => PathOf(name) is { } model ? new ModelSource(name, "", model)
        : FolderOf(options.AdaptersDirectory, name) is { } adapter ? new ModelSource(name, "", adapter) { Variant = new VariantSource(adapter) }
            : null;

    /// <summary>The folder of a name, or null where there is none. A name has no separators, so it cannot lead out of the directory.</summary>
    private string? PathOf(string name) => FolderOf(options.ModelsDirectory, name);

    private static string? FolderOf(string? directory, string name)
    {
        if (directory is null || !ModelSource.IsName(name) || name is "." or "..")
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
