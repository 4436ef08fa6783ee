using System.Globalization;
using System.Text;
using System.Text.Json;
using LoraOnnx.Model.Files;

namespace LoraOnnx.Model.Tokenization;

/// <summary>What a directory says about its tokenizer, from vocab.txt, tokenizer_config.json and tokenizer.json; what is not supported is refused by name.</summary>
/// <remarks>An option is taken from tokenizer_config.json, else from tokenizer.json, else it has Hugging Face's default.</remarks>
internal sealed class TokenizerFiles
{
    private const long LargestVocabulary = 64 << 20;

    private static readonly string[] _classes =
    [
        "BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend",
    ];

    private readonly string _directory;
    private readonly string _configPath;
    private readonly string _jsonPath;
    private readonly JsonFields? _config;
    private readonly JsonFields? _json;

    public TokenizerFiles(string directory)
    {
        _directory = directory;
        _configPath = Path.Combine(directory, "tokenizer_config.json");
        _jsonPath = Path.Combine(directory, "tokenizer.json");
        _config = File.Exists(_configPath) ? JsonFields.Load(_configPath) : null;
        _json = File.Exists(_jsonPath) ? JsonFields.Load(_jsonPath) : null;
        if (_config?.Text("tokenizer_class") is { } name && !_classes.Contains(name))
        {
            throw InputException.InFile(_configPath, $"'tokenizer_class' is '{name}', expected BertTokenizer or DistilBertTokenizer.",
                "only WordPiece tokenizers are supported.");
        }

        if (_json is not null)
        {
            CheckKinds();
        }

        Pieces = ReadPieces();
        Added = ReadAdded();
    }

    /// <summary>Entries and ids, by id.</summary>
    public IReadOnlyList<(string Text, int Id)> Pieces { get; }

    /// <summary>Tokens matched in the raw text.</summary>
    public IReadOnlyDictionary<string, int> Added { get; }

    public string ContinuingPrefix => _config?.Text("wordpieces_prefix") ?? Part("model")?.Text("continuing_subword_prefix") ?? "##";

    public int LongestWord => Part("model")?.Integer("max_input_chars_per_word", 100, 1, 10_000) ?? 100;

    public NormalizerOptions Normalizer
    {
        get
        {
            var normalizer = Part("normalizer");
            var lowercase = _config?.OptionalFlag("do_lower_case") ?? normalizer?.OptionalFlag("lowercase") ?? true;
            return new NormalizerOptions(
                CleanText: _config?.OptionalFlag("clean_text") ?? normalizer?.OptionalFlag("clean_text") ?? true,
                SplitChinese: _config?.OptionalFlag("tokenize_chinese_chars") ?? normalizer?.OptionalFlag("handle_chinese_chars") ?? true,
                StripAccents: _config?.OptionalFlag("strip_accents") ?? normalizer?.OptionalFlag("strip_accents") ?? lowercase,
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
    public int SpecialId(string key, string standard)
    {
        var text = SpecialText(key) ?? standard;
        return Added.TryGetValue(text, out var id) ? id : throw InputException.InFile(VocabularyPath, $"has no '{text}', the '{key}'.");
    }

    public string SpecialToken(string key, string standard) => SpecialText(key) ?? standard;

    private string VocabularyPath => File.Exists(Path.Combine(_directory, "vocab.txt")) ? Path.Combine(_directory, "vocab.txt") : _jsonPath;

    /// <summary>A special token is a string, or an object with its text in <c>content</c>.</summary>
    private string? SpecialText(string key) => _config?.Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => _config.TextOf(value, key),
        { ValueKind: JsonValueKind.Object } value when value.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String =>
            _config.TextOf(content, key),
        { } value => throw _config.Wrong(key, value, "a string"),
    };

    /// <summary>An object inside tokenizer.json.</summary>
    private JsonFields? Part(string key) => _json?.Find(key) is { ValueKind: JsonValueKind.Object } part ? JsonFields.Of(_jsonPath, part) : null;

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
        var path = VocabularyPath;
        if (path != _jsonPath)
        {
            return ReadLines(path);
        }

        if (_json is null)
        {
            throw InputException.InFile(_directory, "has neither vocab.txt nor tokenizer.json.", "the tokenizer's files belong into the model's directory.");
        }

        if (Part("model")!.Find("vocab") is not { ValueKind: JsonValueKind.Object } vocabulary) // the model is checked before
        {
            throw InputException.InFile(_jsonPath, "'model' has no 'vocab', expected an object of words and ids.");
        }

        var pieces = new List<(string Text, int Id)>();
        foreach (var entry in vocabulary.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out var id) || id is < 0 or > 1 << 24)
            {
                throw InputException.InFile(_jsonPath, $"'model.vocab' gives '{entry.Name}' the id {JsonFields.Describe(entry.Value)}, expected a whole number.");
            }

            pieces.Add((entry.Name, id));
        }

        pieces.Sort((one, other) => one.Id.CompareTo(other.Id));
        return pieces.Count > 0 ? pieces : throw InputException.InFile(_jsonPath, "'model.vocab' is empty.");
    }

    private static List<(string Text, int Id)> ReadLines(string path)
    {
        if (new FileInfo(path).Length > LargestVocabulary)
        {
            throw InputException.InFile(path, $"is larger than {LargestVocabulary >> 20} MiB; this is not a vocabulary.");
        }

        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
            var lines = text.Split('\n');
            var count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
            return count > 0 ? [.. lines.Take(count).Select((line, index) => (line.TrimEnd('\r'), index))] : throw InputException.InFile(path, "is empty.");
        }
        catch (DecoderFallbackException failure)
        {
            throw InputException.InFile(path, $"is not UTF-8: {failure.Message}", inner: failure);
        }
    }

    private Dictionary<string, int> ReadAdded()
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (text, id) in Pieces)
        {
            ids[text] = id;
        }

        var added = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (key, standard) in new[] { ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"), ("mask_token", "[MASK]") })
        {
            var text = SpecialToken(key, standard);
            if (ids.TryGetValue(text, out var id))
            {
                added[text] = id;
            }
        }

        if (_json?.Find("added_tokens") is { ValueKind: JsonValueKind.Array } list)
        {
            foreach (var token in list.EnumerateArray())
            {
                AddToken(added, _jsonPath, token, null);
            }
        }

        if (_config?.Find("added_tokens_decoder") is { ValueKind: JsonValueKind.Object } decoder)
        {
            foreach (var entry in decoder.EnumerateObject())
            {
                AddToken(added, _configPath, entry.Value, entry.Name);
            }
        }

        return added;
    }

    private static void AddToken(Dictionary<string, int> added, string path, JsonElement token, string? name)
    {
        if (token.ValueKind != JsonValueKind.Object)
        {
            throw InputException.InFile(path, $"an added token is {JsonFields.Describe(token)}, expected an object.");
        }

        var fields = JsonFields.Of(path, token);
        var text = fields.Text("content");
        var id = name is null ? fields.Integer("id", -1, 0, 1 << 24)
            : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 1 << 24 ? number : -1;
        if (string.IsNullOrEmpty(text) || id < 0)
        {
            throw InputException.InFile(path, $"an added token is {JsonFields.Describe(token)}, expected 'content' and 'id'.");
        }

        foreach (var option in new[] { "single_word", "lstrip", "rstrip", "normalized" })
        {
            if (fields.Flag(option, absent: false))
            {
                throw InputException.InFile(path, $"the added token '{text}' has '{option}' true, which is not supported.");
            }
        }

        added[text] = id;
    }
}
