using System.Text.Json;
using LoraOnnx.Model.Tokenization.BytePairs;
using LoraOnnx.Model.Tokenization.Unigram;

namespace LoraOnnx.Model.Tokenization;

/// <summary>
/// What a directory says about its tokenizer, whatever its kind: vocabulary, special and added tokens, the frame around a text.
/// What is not supported is refused by name, and so are files that contradict one another.
/// </summary>
/// <remarks>An option is taken from tokenizer_config.json, else from tokenizer.json, else it has Hugging Face's default.</remarks>
internal sealed class TokenizerFiles
{
    public const string VocabularyName = "vocab.txt";
    public const string ConfigName = "tokenizer_config.json";
    public const string JsonName = "tokenizer.json";
    public const string SpecialTokensName = "special_tokens_map.json";
    public const string PairVocabularyName = "vocab.json";
    public const string MergesName = "merges.txt";
    public const string SentencePieceName = "sentencepiece.bpe.model";

    /// <summary>Only read to see that it does not contradict the others; a model need not bring it along.</summary>
    private const string AddedTokensName = "added_tokens.json";

    private const string TruncationHint = "lora-train --truncate tail keeps the end of long texts.";

    private readonly string _directory;
    private readonly SpecialTokens _special;
    private readonly HashSet<int> _ids;

    public TokenizerFiles(string directory)
    {
        _directory = directory;
        (ConfigPath, Config) = Open(ConfigName);
        (JsonPath, Json) = Open(JsonName);
        var (mapPath, map) = Open(SpecialTokensName);
        Kind = FindKind();
        CheckConfig();
        _special = new SpecialTokens(Kind, ConfigPath, Config, mapPath, map);
        SentencePiece = Kind == TokenizerKind.Unigram && Has(SentencePieceName) ? SentencePieceFile.Load(PathOf(SentencePieceName)) : null;
        (Pieces, Scores, var userDefined) = ReadPieces();
        Added = ReadAdded(mapPath, map, userDefined);
        _ids = [.. Pieces.Select(piece => piece.Id), .. Added.Ids.Values];
        Frame = Json is null ? null : SpecialTokenFrame.Of(this);
    }

    public TokenizerKind Kind { get; }

    public string ConfigPath { get; }

    public JsonFields? Config { get; }

    public string JsonPath { get; }

    public JsonFields? Json { get; }

    /// <summary>The configuration, where it is put over what tokenizer.json says: not with Hugging Face's two general classes.</summary>
    public JsonFields? ConfigOverJson => Json is not null && TokenizerKinds.GeneralClasses.Contains(Config?.Text("tokenizer_class")) ? null : Config;

    /// <summary>Entries and ids, by id.</summary>
    public IReadOnlyList<(string Text, int Id)> Pieces { get; }

    /// <summary>A score for each of <see cref="Pieces"/>; empty for kinds that have none.</summary>
    public IReadOnlyList<double> Scores { get; }

    /// <summary>The file sentencepiece.bpe.model, where the kind reads it and it is there.</summary>
    public SentencePieceFile? SentencePiece { get; }

    public AddedTokens Added { get; }

    /// <summary>What tokenizer.json puts around a text; null without that file.</summary>
    public SpecialTokenFrame? Frame { get; }

    /// <summary>The file that ids come from.</summary>
    public string VocabularyPath => Kind switch
    {
        TokenizerKind.WordPiece when Has(VocabularyName) => PathOf(VocabularyName),
        TokenizerKind.BytePairs when Json is null => PathOf(PairVocabularyName),
        TokenizerKind.Unigram when Json is null => PathOf(SentencePieceName),
        _ => JsonPath,
    };

    /// <summary>The longest input in tokens; int.MaxValue where the files set no limit (Hugging Face writes 1e30 then).</summary>
    public int MaxLength
    {
        get
        {
            if (Config?.Find("model_max_length") is not { } value)
            {
                return int.MaxValue;
            }

            return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var length) && length >= 2
                ? (int)Math.Min(length, int.MaxValue)
                : throw Config.Wrong("model_max_length", value, "a number of at least 2");
        }
    }

    public string PathOf(string name) => Path.Combine(_directory, name);

    public bool Has(string name) => File.Exists(PathOf(name));

    public bool HasId(int id) => _ids.Contains(id);

    /// <summary>The text of a special token such as <c>cls_token</c>.</summary>
    public string TextOf(string key) => _special[key];

    /// <summary>The id of a special token such as <c>cls_token</c>, whose text the configuration may change.</summary>
    public int SpecialId(string key) => FindSpecialId(key)
        ?? throw InputException.InFile(VocabularyPath, $"has no '{_special[key]}', the '{key}'.",
            $"vocabulary and {ConfigName} are from different models.");

    public int? FindSpecialId(string key) => Added.Ids.TryGetValue(_special[key], out var id) ? id : null;

    /// <summary>An object inside tokenizer.json.</summary>
    public JsonFields? Part(string key) => Json?.Find(key) is { ValueKind: JsonValueKind.Object } part ? JsonFields.Of(JsonPath, part) : null;

    /// <summary>A list of objects inside an object of tokenizer.json.</summary>
    public List<JsonFields> Objects(JsonFields fields, string key) =>
        fields.Find(key) is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object)
            ? [.. list.EnumerateArray().Select(item => JsonFields.Of(JsonPath, item))]
            : throw InputException.InFile(JsonPath, $"has no '{key}' that is a list of objects.");

    /// <exception cref="InputException">A part of tokenizer.json is of another kind.</exception>
    public void CheckKind(string key, string expected)
    {
        var found = Part(key)?.Text("type");
        if (found != expected)
        {
            throw InputException.InFile(JsonPath,
                $"'{key}' is {(found is null ? "missing or has no type" : $"'{found}'")}, expected '{expected}'.",
                $"other parts are not supported for {Part("model")?.Text("type")} tokenizers.");
        }
    }

    private (string Path, JsonFields? Fields) Open(string name) =>
        (PathOf(name), Has(name) ? JsonFields.Load(PathOf(name), VocabularyFile.LargestFile) : null);

    private TokenizerKind FindKind()
    {
        if (Json is not null)
        {
            var type = Part("model")?.Text("type");
            return TokenizerKinds.OfModel(type)
                ?? throw InputException.InFile(JsonPath, $"'model' is {(type is null ? "missing or has no type" : $"'{type}'")}, "
                    + "expected 'WordPiece', 'BPE' or 'Unigram'.", "other tokenizers are not supported.");
        }

        var found = new List<TokenizerKind>();
        foreach (var (name, kind) in new[]
        {
            (VocabularyName, TokenizerKind.WordPiece), (PairVocabularyName, TokenizerKind.BytePairs), (SentencePieceName, TokenizerKind.Unigram),
        })
        {
            if (Has(name))
            {
                found.Add(kind);
            }
        }

        return found.Count > 0 ? found.Where(kind => kind.Classes().Contains(Config?.Text("tokenizer_class"))).Append(found[0]).First()
            : throw InputException.InFile(_directory, $"has neither {JsonName} nor {VocabularyName}, {PairVocabularyName} or {SentencePieceName}.",
                "the tokenizer's files belong into the model's directory.");
    }

    private void CheckConfig()
    {
        if (Config?.Text("tokenizer_class") is { } name && !TokenizerKinds.GeneralClasses.Contains(name) && !Kind.Classes().Contains(name))
        {
            throw InputException.InFile(ConfigPath, $"'tokenizer_class' is '{name}', expected {string.Join(" or ", Kind.Classes())} "
                + $"for {Path.GetFileName(VocabularyPath)}.", "supported are the tokenizers of BERT, DistilBERT, RoBERTa and XLM-RoBERTa.");
        }

        var side = Config?.Text("truncation_side");
        if (side is not (null or "right"))
        {
            throw InputException.InFile(ConfigPath, $"'truncation_side' is '{side}', expected 'right'.", TruncationHint);
        }

        if (side is null && Part("truncation")?.Text("direction") is { } direction && direction != "Right") // transformers takes it for the side
        {
            throw InputException.InFile(JsonPath, $"'truncation.direction' is '{direction}', expected 'Right'.", TruncationHint);
        }

        if (Config?.OptionalFlag("split_special_tokens") == true)
        {
            throw InputException.InFile(ConfigPath, "'split_special_tokens' is true, which is not supported: special tokens in a text are found.");
        }
    }

    private (IReadOnlyList<(string Text, int Id)> Pieces, IReadOnlyList<double> Scores, IReadOnlyList<string> UserDefined) ReadPieces() => Kind switch
    {
        TokenizerKind.WordPiece => (ReadWords(), [], []),
        TokenizerKind.BytePairs => (BytePairFiles.ReadPieces(this), [], []),
        _ => UnigramFiles.ReadPieces(this),
    };

    private List<(string Text, int Id)> ReadWords()
    {
        if (!Has(VocabularyName))
        {
            return VocabularyFile.ReadJson(JsonPath, Part("model")!); // its kind is checked before
        }

        var pieces = VocabularyFile.ReadLines(VocabularyPath);
        if (Json is not null)
        {
            var others = VocabularyFile.Ids(VocabularyFile.ReadJson(JsonPath, Part("model")!));
            VocabularyFile.CheckAgreement(VocabularyPath, VocabularyFile.Ids(pieces), JsonPath, others);
        }

        return pieces;
    }

    private AddedTokens ReadAdded(string mapPath, JsonFields? map, IReadOnlyList<string> userDefined)
    {
        var added = new AddedTokens(Kind, VocabularyPath, VocabularyFile.Ids(Pieces));
        foreach (var text in userDefined)
        {
            added.TryAddKnown(text);
        }

        if (Json?.Find("added_tokens") is { } list)
        {
            added.AddList(JsonPath, list.ValueKind == JsonValueKind.Array ? list : throw Json.Wrong("added_tokens", list, "a list"));
        }

        if (Config is not null)
        {
            added.AddDecoder(ConfigPath, Config);
        }

        foreach (var key in SpecialTokens.Keys)
        {
            added.TryAddKnown(_special[key], _special.Rules(key));
        }

        foreach (var (path, fields) in new[] { (ConfigPath, Config), (mapPath, map) })
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

        return added;
    }
}
