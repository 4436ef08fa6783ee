using System.Text.Json;

namespace LoraOnnx.Model.Tokenization;

/// <summary>The texts of the special tokens: from tokenizer_config.json, else from special_tokens_map.json, else BERT's.</summary>
internal sealed class SpecialTokens(string configPath, JsonFields? config, string mapPath, JsonFields? map)
{
    private static readonly Dictionary<string, string> _standard = new()
    {
        ["unk_token"] = "[UNK]",
        ["sep_token"] = "[SEP]",
        ["pad_token"] = "[PAD]",
        ["cls_token"] = "[CLS]",
        ["mask_token"] = "[MASK]",
    };

    public static IEnumerable<string> Keys => _standard.Keys;

    public string this[string key] => config?.Find(key) is { } value ? Text(configPath, key, value)
        : map?.Find(key) is { } mapped ? Text(mapPath, key, mapped)
        : _standard[key];

    /// <summary>A special token is a string, or an object with its text in <c>content</c>.</summary>
    public static string Text(string path, string key, JsonElement value)
    {
        var fields = JsonFields.Of(path, value);
        var text = value.ValueKind == JsonValueKind.Object ? fields.Find("content") : value;
        return text is { ValueKind: JsonValueKind.String } found && fields.TextOf(found, key) is { Length: > 0 } token ? token
            : throw JsonFields.Wrong(path, key, value, "a string");
    }
}
