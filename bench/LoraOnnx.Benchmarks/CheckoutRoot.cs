namespace LoraOnnx.Benchmarks;

/// <summary>The directory of the solution.</summary>
internal static class CheckoutRoot
{
    public static string Path { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string directory) => File.Exists(System.IO.Path.Combine(directory, "LoraOnnx.sln"))
        ? directory
        : Find(System.IO.Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("Run the benchmarks from a checkout."));
}
