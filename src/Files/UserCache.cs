namespace LoraOnnx.Files;

/// <summary>The user's cache directory, for what can be made again: <c>$XDG_CACHE_HOME</c>, by default <c>~/.cache</c>.</summary>
public static class UserCache
{
    /// <summary>The folder of that name in this toolkit's part of the cache.</summary>
    public static string Folder(string name) => Path.Combine(Root(Environment.GetEnvironmentVariable("XDG_CACHE_HOME")), "lora-onnx", name);

    /// <summary>The directory that a value of XDG_CACHE_HOME means. The XDG specification asks to ignore a relative one: it would be another cache in
    /// every folder.</summary>
    public static string Root(string? value) =>
        value is not null && Path.IsPathFullyQualified(value)
            ? value
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
}
