using System.Text.Json;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Tests;

/// <summary>tests/golden/families: a folder a model, whatever models lie there; its README says how the values were made.</summary>
internal static class FamilyGolden
{
    private static readonly string _root = Golden.Path("families");

    /// <summary>Names of the models that have a file or folder of a name.</summary>
    public static IEnumerable<string> ModelsWith(string name) => Directory.GetDirectories(_root).Select(path => Path.GetFileName(path)!)
        .Where(model => Path.Exists(Path.Combine(_root, model, name))).Order(StringComparer.Ordinal);

    /// <summary>Model and name of everything in the folders of a kind: adapters, trajectories.</summary>
    public static IEnumerable<(string Model, string Name)> Folders(string kind) => ModelsWith(kind).SelectMany(
        model => Directory.GetDirectories(Path.Combine(_root, model, kind)).Order(StringComparer.Ordinal),
        (model, path) => (model, Path.GetFileName(path)!));

    /// <summary>Model and name of the adapters that need no merge.</summary>
    public static IEnumerable<(string Model, string Name)> AdaptersBesideBases => Folders("adapters").Where(adapter =>
        LoraAdapter.Load(PathOf(adapter.Model, "adapters", adapter.Name), Checkpoint.Open(CheckpointOf(adapter.Model)).Config).Modules
            .All(module => module.Kind.NeedsSum is null));

    /// <summary>The first model with a head of a <c>model_type</c>, for tests that are about one family.</summary>
    public static string FirstOf(string family) =>
        ModelsWith("logits.json").First(model => Checkpoint.Open(CheckpointOf(model)).Config.Family.ModelType == family);

    /// <summary>The checkpoint directory of a model.</summary>
    public static string CheckpointOf(string model) => Path.Combine(_root, model, "model");

    /// <summary>A path inside a model's folder.</summary>
    public static string PathOf(string model, params string[] parts) => Path.Combine([_root, model, .. parts]);

    /// <summary>The weights of a model that has a head.</summary>
    public static ModelWeights Weights(string model) => Checkpoint.Open(CheckpointOf(model)).LoadWeights();

    /// <summary>A JSON file of a model.</summary>
    public static JsonElement Json(string model, params string[] parts) => JsonDocument.Parse(File.ReadAllBytes(PathOf(model, parts))).RootElement;

    /// <summary>The ids of texts, cut as when the values were made.</summary>
    public static EncodedText[] Encode(string model, IEnumerable<string> texts, int maxLength = 512)
    {
        var tokenizer = TextTokenizer.Load(CheckpointOf(model));
        return [.. texts.Select(text => tokenizer.Encode(text, maxLength, Truncation.Head))];
    }

    /// <summary>Copies the tensors of a file whose names are wanted.</summary>
    public static void CopyTensors(string from, string to, Predicate<string> isWanted)
    {
        using var file = SafetensorsFile.Open(from);
        SafetensorsWriter.Write(to, file.Names.Where(name => isWanted(name)).Select(file.Read));
    }

    /// <summary>The numbers of a JSON list.</summary>
    public static float[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(number => number.GetSingle())];

    /// <summary>Fails where numbers differ by more than <paramref name="absolute"/> + 1e-5 of the largest number.</summary>
    public static void AssertClose(float[][] expected, float[][] found, double absolute)
    {
        var largest = expected.SelectMany(row => row).Max(Math.Abs);
        var difference = expected.Zip(found, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
        Assert.Equal(expected.Select(row => row.Length), found.Select(row => row.Length));
        Assert.True(difference <= absolute + (1e-5 * largest), $"largest difference {difference:G3}, largest number {largest:G3}");
    }
}
