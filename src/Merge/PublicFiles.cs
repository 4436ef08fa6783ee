using System.Text.Json;
using System.Text.Json.Nodes;

namespace LoraOnnx.Merge;

/// <summary>What leaves the house names models, not places on this machine.</summary>
internal static class PublicFiles
{
    /// <summary>Keys in which transformers notes where a file came from.</summary>
    private static readonly string[] _placeKeys =
        ["_name_or_path", "name_or_path", "base_model_name_or_path", "tokenizer_file", "special_tokens_map_file"];

    /// <summary>A hub id as it is; of a path its last part.</summary>
    public static string NameOf(string model) => IsPath(model) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model))) : model;

    /// <summary>Copies a file that stands beside a model; of JSON that notes a place, with its name only.</summary>
    public static void Copy(string source, string target)
    {
        if (!source.EndsWith("config.json", StringComparison.Ordinal)
            || JsonNode.Parse(JsonFields.Load(source).Root.GetRawText()) is not JsonObject fields
            || !_placeKeys.Any(key => fields[key] is JsonValue value && value.TryGetValue(out string? text) && Path.IsPathRooted(text)))
        {
            File.Copy(source, target);
            return;
        }

        foreach (var key in _placeKeys.Where(key => fields[key] is JsonValue value && value.TryGetValue(out string? text) && Path.IsPathRooted(text)))
        {
            fields[key] = NameOf(fields[key]!.GetValue<string>()); // it is a string
        }

        File.WriteAllText(target, fields.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    private static bool IsPath(string model) => Path.IsPathRooted(model) || model.StartsWith('.') || Directory.Exists(model)
        || model.Count(letter => letter is '/' or '\\') > 1;
}
