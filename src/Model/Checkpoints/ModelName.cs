namespace LoraOnnx.Model.Checkpoints;

/// <summary>What may be said of where a model comes from: names, never places on this machine.</summary>
public static class ModelName
{
    /// <summary>A hub id as it is; of a path its last part.</summary>
    public static string Of(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return IsPath(model) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model))) : model;
    }

    /// <summary>True for OWNER/MODEL that is no folder here.</summary>
    public static bool IsHubId(string model) => Of(model) == model && model.Contains('/', StringComparison.Ordinal);

    private static bool IsPath(string model) => Path.IsPathRooted(model) || model.StartsWith('.') || Directory.Exists(model)
        || model.Count(letter => letter is '/' or '\\') > 1;
}
