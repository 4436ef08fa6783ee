using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LoraOnnx.Model.Tokenization.BytePairs;
using LoraOnnx.Model.Tokenization.Unigram;
using LoraOnnx.Model.Tokenization.WordPiece;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Writes tokenizer.json, the one file that Hugging Face's fast tokenizers and transformers.js read, for directories without it.</summary>
public static class TokenizerJson
{
    /// <summary>The name of the file.</summary>
    public const string FileName = TokenizerFiles.JsonName;

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the tokenizer of a directory that has vocab.txt, vocab.json with merges.txt, or sentencepiece.bpe.model.</summary>
    /// <exception cref="InputException">The directory's files are missing, malformed or not supported.</exception>
    public static void Write(string directory, string path)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(path);
        var files = new TokenizerFiles(directory);
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray(
                [.. files.Added.Ids.OrderBy(token => token.Value).Select(token => Added(files, token.Key, token.Value))]),
        };
        var parts = files.Kind switch
        {
            TokenizerKind.WordPiece => WordPieces(files, WordPieceOptions.Of(files)),
            TokenizerKind.BytePairs => BytePairs(files, BytePairFiles.Of(files)),
            _ => Unigrams(files, UnigramFiles.Of(files)),
        };
        foreach (var (key, part) in parts.ToList())
        {
            parts.Remove(key); // a node has one parent
            json[key] = part;
        }

        AtomicFile.WriteText(path, json.ToJsonString(_indented) + "\n");
    }

    private static JsonObject Added(TokenizerFiles files, string text, int id)
    {
        var rules = files.Added.Rules.GetValueOrDefault(text);
        return new JsonObject
        {
            ["id"] = id,
            ["content"] = text,
            ["single_word"] = rules.HasFlag(AddedTokenRules.SingleWord),
            ["lstrip"] = rules.HasFlag(AddedTokenRules.StripLeft),
            ["rstrip"] = rules.HasFlag(AddedTokenRules.StripRight),
            ["normalized"] = files.Added.Normalized.Any(token => token.Text == text),
            ["special"] = true,
        };
    }

    private static JsonObject WordPieces(TokenizerFiles files, WordPieceOptions options) => new()
    {
        ["normalizer"] = new JsonObject
        {
            ["type"] = "BertNormalizer",
            ["clean_text"] = options.Normalizer.CleanText,
            ["handle_chinese_chars"] = options.Normalizer.SplitChinese,
            ["strip_accents"] = options.Normalizer.StripAccents,
            ["lowercase"] = options.Normalizer.Lowercase,
        },
        ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
        ["post_processor"] = Template(files, typeOfSecond: 1, between: 1),
        ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = options.ContinuingPrefix, ["cleanup"] = true },
        ["model"] = new JsonObject
        {
            ["type"] = "WordPiece",
            ["unk_token"] = files.TextOf("unk_token"),
            ["continuing_subword_prefix"] = options.ContinuingPrefix,
            ["max_input_chars_per_word"] = options.LongestWord,
            ["vocab"] = Vocabulary(files),
        },
    };

    private static JsonObject BytePairs(TokenizerFiles files, BytePairFiles options)
    {
        var texts = new Dictionary<int, string>();
        foreach (var (text, id) in files.Pieces)
        {
            if (!texts.TryAdd(id, text))
            {
                throw InputException.InFile(files.VocabularyPath,
                    $"gives '{texts[id]}' and '{text}' the id {id}; no tokenizer.json can be made of it.",
                    "put the model's own tokenizer.json beside it.");
            }
        }

        JsonObject ByteLevel() => new()
        {
            ["type"] = "ByteLevel",
            ["add_prefix_space"] = options.AddPrefixSpace,
            ["trim_offsets"] = options.Frame.TrimOffsets,
            ["use_regex"] = true,
        };
        return new()
        {
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = new JsonObject
            {
                ["type"] = "RobertaProcessing",
                ["sep"] = new JsonArray(files.TextOf("sep_token"), files.SpecialId("sep_token")),
                ["cls"] = new JsonArray(files.TextOf("cls_token"), files.SpecialId("cls_token")),
                ["trim_offsets"] = options.Frame.TrimOffsets,
                ["add_prefix_space"] = options.Frame.AddsPrefixSpace,
            },
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = "",
                ["end_of_word_suffix"] = "",
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = Vocabulary(files),
                ["merges"] = new JsonArray([.. options.Merges.Select(merge => new JsonArray(texts[merge.Left], texts[merge.Right]))]),
            },
        };
    }

    private static JsonObject Unigrams(TokenizerFiles files, UnigramFiles options)
    {
        var mark = options.Mark.Mark.ToString();
        JsonObject Metaspace() => new()
        {
            ["type"] = "Metaspace",
            ["replacement"] = mark,
            ["add_prefix_space"] = options.Mark.Place == MarkPlace.Always,
            ["prepend_scheme"] = options.Mark.Place == MarkPlace.Always ? "always" : "never",
        };
        var map = files.SentencePiece!.CharacterMap; // a directory without tokenizer.json has this file
        return new()
        {
            ["normalizer"] = map.Length == 0 ? null
                : new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(map) },
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "WhitespaceSplit" }, Metaspace()),
            },
            ["post_processor"] = Template(files, typeOfSecond: 0, between: 2),
            ["decoder"] = Metaspace(),
            ["model"] = new JsonObject
            {
                ["type"] = "Unigram",
                ["unk_id"] = options.UnknownId,
                ["vocab"] = new JsonArray([.. files.Pieces.Zip(files.Scores, (piece, score) => new JsonArray(piece.Text, score))]),
                ["byte_fallback"] = false,
            },
        };
    }

    private static JsonObject Vocabulary(TokenizerFiles files)
    {
        var vocabulary = new JsonObject();
        foreach (var (text, id) in VocabularyFile.Ids(files.Pieces))
        {
            vocabulary[text] = id;
        }

        return vocabulary;
    }

    /// <summary>One special token before and one after a text; between two texts as many of the latter as the family has.</summary>
    private static JsonObject Template(TokenizerFiles files, int typeOfSecond, int between)
    {
        JsonObject Token(string key, int type) => new()
        {
            ["SpecialToken"] = new JsonObject { ["id"] = files.TextOf(key), ["type_id"] = type },
        };
        static JsonObject Text(string name, int type) => new() { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
        var tokens = new JsonObject();
        foreach (var key in new[] { "cls_token", "sep_token" })
        {
            var text = files.TextOf(key);
            tokens[text] = new JsonObject { ["id"] = text, ["ids"] = new JsonArray(files.SpecialId(key)), ["tokens"] = new JsonArray(text) };
        }

        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Token("cls_token", 0), Text("A", 0), Token("sep_token", 0)),
            ["pair"] = new JsonArray([Token("cls_token", 0), Text("A", 0), .. Enumerable.Range(0, between).Select(_ => Token("sep_token", 0)),
                Text("B", typeOfSecond), Token("sep_token", typeOfSecond)]),
            ["special_tokens"] = tokens,
        };
    }
}
