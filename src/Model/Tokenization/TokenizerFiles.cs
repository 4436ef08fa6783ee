using System.Text.Json;

namespace LoraOnnx.Model.Tokenization;

/// <summary>
/// What a directory says about its tokenizer, from vocab.txt, tokenizer_config.json, tokenizer.json, special_tokens_map.json and added_tokens.json;
/// what is not supported is refused by name, and so are files that contradict one another.
/// </summary>
/// <remarks>An option is taken from tokenizer_config.json, else from tokenizer.json, else it has Hugging Face's default.</remarks>
internal sealed class TokenizerFiles
{
    public const string VocabularyName = "vocab.txt";
    public const string ConfigName = "tokenizer_config.json";
    public const string JsonName = "tokenizer.json";
    public const string SpecialTokensName = "special_tokens_map.json";

    /// <summary>Only read to see that it does not contradict the others; a model need not bring it along.</summary>
    private const string AddedTokensName = "added_tokens.json";

    private static readonly string[] _classes =
    [
        "BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend",
    ];

    private readonly string _directory;
    private readonly string _configPath;
    private readonly string _jsonPath;
    private readonly JsonFields? _config;
    private readonly JsonFields? _json;
    private readonly SpecialTokens _special;

    public TokenizerFiles(string directory)
    {
        _directory = directory;
        (_configPath, _config) = Open(ConfigName);
        (_jsonPath, _json) = Open(JsonName);
        var (mapPath, map) = Open(SpecialTokensName);
        _special = new SpecialTokens(_configPath, _config, mapPath, map);
        CheckConfig();
        if (_json is not null)
        {
            CheckKinds();
        }

        Pieces = ReadPieces();
        Added = ReadAdded(mapPath, map);
    }

    /// <summary>Entries and ids, by id.</summary>
    public IReadOnlyList<(string Text, int Id)> Pieces { get; }

    /// <summary>Tokens matched in the raw text.</summary>
    public IReadOnlyDictionary<string, int> Added { get; }

    /// <summary>What they do with the text around them; tokens without an entry do nothing.</summary>
    public IReadOnlyDictionary<string, AddedTokenRules> AddedRules { get; private set; } = new Dictionary<string, AddedTokenRules>();

    public string ContinuingPrefix => _config?.Text("wordpieces_prefix") ?? Part("model")?.Text("continuing_subword_prefix") ?? "##";

    public int LongestWord => Part("model")?.Integer("max_input_chars_per_word", 100, 1, 10_000) ?? 100;

    public NormalizerOptions Normalizer
    {
        get
        {
            // The two general classes of Hugging Face take tokenizer.json as it is; BERT's own put the options of the configuration over it.
            var config = _json is not null && _config?.Text("tokenizer_class") is "PreTrainedTokenizerFast" or "TokenizersBackend" ? null : _config;
            var normalizer = Part("normalizer");
            var lowercase = config?.OptionalFlag("do_lower_case") ?? normalizer?.OptionalFlag("lowercase") ?? true;
            return new NormalizerOptions(
                CleanText: config?.OptionalFlag("clean_text") ?? normalizer?.OptionalFlag("clean_text") ?? true,
                SplitChinese: config?.OptionalFlag("tokenize_chinese_chars") ?? normalizer?.OptionalFlag("handle_chinese_chars") ?? true,
                StripAccents: config?.OptionalFlag("strip_accents") ?? normalizer?.OptionalFlag("strip_accents") ?? lowercase,
                Lowercase: lowercase);
        }
    }

    /// <summary>The longest input in tokens; int.MaxValue where the files set no limit (Hugging Face writes 1e30 then).</summary>
    public int MaxLength
    {
        get
        {
            if (_config?.Find("model_max_length") is not { } value)
            {
                return int.MaxValue;
            }

            return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var length) && length >= 2
                ? (int)Math.Min(length, int.MaxValue)
                : throw _config.Wrong("model_max_length", value, "a number of at least 2");
        }
    }

    /// <summary>The id of a special token such as <c>cls_token</c>, whose text the configuration may change.</summary>
    public int SpecialId(string key) => Added.TryGetValue(_special[key], out var id) ? id
        : throw InputException.InFile(VocabularyPath, $"has no '{_special[key]}', the '{key}'.", $"vocabulary and {ConfigName} are from different models.");

    private string VocabularyPath => File.Exists(Path.Combine(_directory, VocabularyName)) ? Path.Combine(_directory, VocabularyName) : _jsonPath;

    private (string Path, JsonFields? Fields) Open(string name)
    {
        var path = Path.Combine(_directory, name);
        return (path, File.Exists(path) ? JsonFields.Load(path) : null);
    }

    /// <summary>An object inside tokenizer.json.</summary>
    private JsonFields? Part(string key) => _json?.Find(key) is { ValueKind: JsonValueKind.Object } part ? JsonFields.Of(_jsonPath, part) : null;

    private void CheckConfig()
    {
        if (_config?.Text("tokenizer_class") is { } name && !_classes.Contains(name))
        {
            throw InputException.InFile(_configPath, $"'tokenizer_class' is '{name}', expected BertTokenizer or DistilBertTokenizer.",
                "only WordPiece tokenizers are supported.");
        }

        if (_config?.OptionalFlag("do_basic_tokenize") == false)
        {
            throw InputException.InFile(_configPath, "'do_basic_tokenize' is false, which is not supported.");
        }

        if (_config?.Find("never_split") is { } kept && !(kept.ValueKind == JsonValueKind.Array && kept.GetArrayLength() == 0))
        {
            throw InputException.InFile(_configPath, $"'never_split' is {JsonFields.Describe(kept)}, which is not supported.");
        }

        if (_config?.Text("truncation_side") is { } side && side != "right")
        {
            throw InputException.InFile(_configPath, $"'truncation_side' is '{side}', expected 'right'.", "lora-train --truncate tail keeps the end of long texts.");
        }
    }

    private void CheckKinds()
    {
        Check("model", "WordPiece");
        Check("normalizer", "BertNormalizer");
        Check("pre_tokenizer", "BertPreTokenizer");

        void Check(string key, string expected)
        {
            var found = Part(key)?.Text("type");
            if (found != expected)
            {
                throw InputException.InFile(_jsonPath, $"'{key}' is {(found is null ? "missing or has no type" : $"'{found}'")}, expected '{expected}'.",
                    "only BERT's WordPiece tokenizers are supported.");
            }
        }
    }

    private List<(string Text, int Id)> ReadPieces()
    {
        if (VocabularyPath == _jsonPath)
        {
            return _json is null
                ? throw InputException.InFile(_directory, $"has neither {VocabularyName} nor {JsonName}.", "the tokenizer's files belong into the model's directory.")
                : VocabularyFile.ReadJson(_jsonPath, Part("model")!); // its kind is checked before
        }

        var pieces = VocabularyFile.ReadLines(VocabularyPath);
        if (_json is not null)
        {
            VocabularyFile.CheckAgreement(VocabularyPath, VocabularyFile.Ids(pieces), _jsonPath, VocabularyFile.Ids(VocabularyFile.ReadJson(_jsonPath, Part("model")!)));
        }

        return pieces;
    }

    private IReadOnlyDictionary<string, int> ReadAdded(string mapPath, JsonFields? map)
    {
        var added = new AddedTokens(VocabularyPath, VocabularyFile.Ids(Pieces));
        foreach (var key in SpecialTokens.Keys)
        {
            added.TryAddKnown(_special[key]);
        }

        if (_json?.Find("added_tokens") is { ValueKind: JsonValueKind.Array } list)
        {
            added.AddList(_jsonPath, list);
        }

        if (_config is not null)
        {
            added.AddDecoder(_configPath, _config);
        }

        foreach (var (path, fields) in new[] { (_configPath, _config), (mapPath, map) })
        {
            foreach (var key in new[] { "additional_special_tokens", "extra_special_tokens" })
            {
                if (fields?.Find(key) is { } names)
                {
                    added.AddNames(path, key, names);
                }
            }
        }

        var (addedPath, file) = Open(AddedTokensName);
        if (file is not null)
        {
            added.CheckFile(addedPath, file);
        }

        AddedRules = added.Rules;
        return added.Ids;
    }
}
