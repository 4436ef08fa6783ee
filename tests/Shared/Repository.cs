namespace LoraOnnx.Tests;

/// <summary>Where the checkout lies, found from the test's own place in artifacts/.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>A path inside the checkout.</summary>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "LoraOnnx.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No LoraOnnx.sln above {AppContext.BaseDirectory}.");
    }
}
