using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Model;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Merge;

/// <summary>What leaves the house names models, not places on this machine.</summary>
internal static class PublicFiles
{
    /// <summary>Keys in which transformers notes where a file came from.</summary>
    private static readonly string[] _placeKeys =
        ["_name_or_path", "name_or_path", "base_model_name_or_path", "tokenizer_file", "special_tokens_map_file"];

    /// <summary>
    /// Copies a file that stands beside a model; JSON that notes a place with its name only, config.json with the classes of the task.
    /// </summary>
    public static void Copy(string source, string target, ClassificationTask task)
    {
        if (!source.EndsWith("config.json", StringComparison.Ordinal))
        {
            File.Copy(source, target);
            return;
        }

        var fields = JsonFields.Load(source).ToNode();
        var hadPlaces = NamePlaces(fields);
        var isConfig = Path.GetFileName(source) == ModelConfig.FileName && !ModelConfig.Load(Path.GetDirectoryName(source)!)
            .Task.IsSameAs(task); // a file has a directory
        if (isConfig)
        {
            TaskFields.Write(fields, task);
        }

        if (!hadPlaces && !isConfig)
        {
            File.Copy(source, target);
            return;
        }

        File.WriteAllText(target, fields.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    /// <summary>Where fields note places on this machine they get names; true where one did.</summary>
    public static bool NamePlaces(JsonObject fields)
    {
        string[] places = [.. _placeKeys.Where(key => fields[key] is JsonValue value && value.TryGetValue(out string? text)
            && Path.IsPathRooted(text))];
        foreach (var key in places)
        {
            fields[key] = ModelName.Of(fields[key]!.GetValue<string>()); // it is a string
        }

        return places.Length > 0;
    }
}
