using System.Text.Json;
using LoraOnnx.Inference.Variants;

namespace LoraOnnx.Inference.Tests.Variants;

/// <summary>tests/golden/mixed-adapters: texts, the adapter of each (null: the base), and the logits that peft gives it alone.</summary>
internal static class MixedGolden
{
    public static IReadOnlyList<(string Text, string? Adapter, float[] Logits)> Cases { get; } = Read();

    public static IReadOnlyList<string> Adapters { get; } =
        [.. Directory.GetDirectories(Golden.Path("mixed-adapters", "adapters")).Select(path =>
            Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    public static string PathOf(string adapter) => Golden.Path("mixed-adapters", "adapters", adapter);

    /// <summary>All adapters, loaded onto a base.</summary>
    public static Dictionary<string, ModelVariant> Load(TextClassifier onto) =>
        Adapters.ToDictionary(name => name, name => onto.LoadVariant(new VariantSource(PathOf(name))), StringComparer.Ordinal);

    private static List<(string Text, string? Adapter, float[] Logits)> Read()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("mixed-adapters", "expected.json")));
        return [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(entry => (
            entry.GetProperty("text").GetString()!, entry.GetProperty("adapter").GetString(), FamilyGolden.Numbers(entry.GetProperty("logits"))))];
    }
}
