namespace LoraOnnx.Tests;

/// <summary>Reference values made with the Python stack; tests/golden/README.md says how.</summary>
internal static class Golden
{
    /// <summary>The checkpoint that all of them are about.</summary>
    public static string DemoModel => Repository.Path("models", "demo");

    public static string Path(params string[] parts) => Repository.Path(["tests", "golden", .. parts]);
}
