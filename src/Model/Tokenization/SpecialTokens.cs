using System.Text.Json;

namespace LoraOnnx.Model.Tokenization;

/// <summary>The special tokens: from tokenizer_config.json, else from special_tokens_map.json, else those of the kind.</summary>
internal sealed class SpecialTokens(TokenizerKind kind, string configPath, JsonFields? config, string mapPath, JsonFields? map)
{
    public static readonly IReadOnlyList<string> Keys = ["unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    public string this[string key] => Said(key) ?? kind.StandardToken(key);

    /// <summary>
    /// How it is found: as an object of the files says, else as Hugging Face makes it. RoBERTa's mask takes the white space before it.
    /// </summary>
    public AddedTokenRules Rules(string key) => Find(key) is var (path, value) && value.ValueKind == JsonValueKind.Object
        ? AddedTokenRule.Of(JsonFields.Of(path, value))
        : kind != TokenizerKind.WordPiece && key == "mask_token" ? AddedTokenRules.StripLeft : AddedTokenRules.None;

    /// <summary>A special token is a string, or an object with its text in <c>content</c>.</summary>
    public static string Text(string path, string key, JsonElement value)
    {
        var fields = JsonFields.Of(path, value);
        var text = value.ValueKind == JsonValueKind.Object ? fields.Find("content") : value;
        return text is { ValueKind: JsonValueKind.String } found && fields.TextOf(found, key) is { Length: > 0 } token ? token
            : throw JsonFields.Wrong(path, key, value, "a string");
    }

    /// <summary>What the files say a special token is, or null where they leave it to the kind.</summary>
    /// <exception cref="InputException">The two files say different things.</exception>
    private string? Said(string key)
    {
        var here = config?.Find(key) is { } value ? Text(configPath, key, value) : null;
        var there = map?.Find(key) is { } mapped ? Text(mapPath, key, mapped) : null;
        return here is null || there is null || here == there ? here ?? there
            : throw InputException.InFile(mapPath, $"'{key}' is '{there}', which is '{here}' in {TokenizerFiles.ConfigName}.",
                "the files are from different models; remove the line that is wrong.");
    }

    private (string Path, JsonElement Value)? Find(string key) => config?.Find(key) is { } value ? (configPath, value)
        : map?.Find(key) is { } mapped ? (mapPath, mapped)
        : null;
}
