using System.Text;
using Google.Protobuf;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Fuzzing;

/// <summary>Tokenizer files from strangers: each input ends in a tokenizer that reads any text, or in an error of ours.</summary>
public sealed class TokenizerFuzzTests : IDisposable
{
    private const int Inputs = 3_000;

    private const string Text = "A film\u02da\u001d<mask>  s… İ中文 😀\ud83d";

    private const string Added = """
        "added_tokens": [{"id": 3, "content": "<mask>", "single_word": false, "lstrip": true, "rstrip": false, "normalized": false, "special": true},
          {"id": 4, "content": "A", "normalized": true}], "truncation": null, "padding": null
        """;

    private const string Frame = """ "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": true} """;

    private const string Template = """
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "</s>"}}],
          "special_tokens": {"<s>": {"id": "<s>", "ids": [0]}, "</s>": {"id": "</s>", "ids": [2]}}}
        """;

    private static readonly string[] _jsons =
    [
        $$$"""
        { {{{Added}}}, "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true}, {{{Frame}}},
          "model": {"type": "BPE", "unk_token": "<unk>",
              "vocab": {"<s>": 0, "<pad>": 1, "</s>": 2, "<mask>": 3, "A": 4, "<unk>": 5, "f": 6, "i": 7, "fi": 8, "Ġ": 9},
            "merges": ["f i"]} }
        """,
        $$$"""
        { {{{Added}}}, "normalizer": {"type": "Sequence", "normalizers": [{"type": "Precompiled", "precompiled_charsmap": "CAAAAAAAAAAAAAAAeAA="},
            {"type": "Strip", "strip_left": true}, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
          "pre_tokenizer": {"type": "Sequence",
              "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}]},
          {{{Template}}}, "model": {"type": "Unigram", "unk_id": 5, "vocab": [["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<mask>", 0], ["A", -1.5],
              ["<unk>", 0], ["▁film", -2]]} }
        """,
        """
        {"normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"},
          "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 0]},
          "model": {"type": "WordPiece", "vocab": {"[CLS]": 0, "[SEP]": 1, "[PAD]": 2, "[UNK]": 3, "[MASK]": 4, "film": 5, "##s": 6}}}
        """,
    ];

    private static readonly string[] _words =
    [
        "0", "1", "5", "-1", "1e400", "16777217", "true", "false", "null", "[]", "{}", "[{}]", "\"\"", "\"<s>\"", "\"\\ud800\"", "\"ĠĠ\"",
            "\"f i f\"", "[\"i\",\"f\"]", "\"always\"", "\"Sequence\"",
        "\"Unigram\"", "\"BPE\"", "\"WordPiece\"", "\"Metaspace\"", "\"Precompiled\"", "\"////\"", "\"▁▁\"", "{\"String\":\"a\"}",
            "{\"type\":\"Strip\"}", ",\"byte_fallback\":true", ",\"dropout\":0.1", "\u001b", "\n",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_tokenizer_json_gives_a_tokenizer_or_an_error_of_ours() => Check("tokenizer.json", _jsons.Select(Encoding.UTF8.GetBytes));

    [Fact]
    public void Every_list_of_merges_gives_a_tokenizer_or_an_error_of_ours()
    {
        _folder.Write("vocab.json", """{"<s>": 0, "<pad>": 1, "</s>": 2, "<mask>": 3, "<unk>": 4, "f": 5, "i": 6, "fi": 7, "Ġ": 8, "Ġfi": 9}""");

        Check("merges.txt", ["#version: 0.2\nf i\nĠ fi\n"u8.ToArray(), "\uFEFFf i\r\n\n"u8.ToArray()]);
    }

    [Fact]
    public void Every_vocabulary_of_byte_pairs_gives_a_tokenizer_or_an_error_of_ours()
    {
        _folder.Write("merges.txt", "#version: 0.2\nf i\n");

        Check("vocab.json", ["""{"<s>": 0, "<pad>": 1, "</s>": 2, "<mask>": 3, "<unk>": 4, "f": 5, "i": 6, "fi": 7, "Ġ": 8}"""u8.ToArray()]);
    }

    [Fact]
    public void Every_SentencePiece_model_gives_a_tokenizer_or_an_error_of_ours() =>
        Check("sentencepiece.bpe.model", [SentencePiece(Convert.FromBase64String("CAAAAAAAAAAAAAAAeAA=")), SentencePiece([])]);

    /// <summary>A model of four pieces, with a character map.</summary>
    private static byte[] SentencePiece(byte[] map)
    {
        using var stream = new MemoryStream();
        using var output = new CodedOutputStream(stream, leaveOpen: true);
        foreach (var (text, type) in new[] { ("<unk>", 2), ("<s>", 3), ("</s>", 3), ("▁film", 1), ("s", 1), ("A", 4) })
        {
            Message(output, 1, piece =>
            {
                piece.WriteTag(1, WireFormat.WireType.LengthDelimited);
                piece.WriteString(text);
                piece.WriteTag(2, WireFormat.WireType.Fixed32);
                piece.WriteFloat(-text.Length);
                piece.WriteTag(3, WireFormat.WireType.Varint);
                piece.WriteEnum(type);
            });
        }

        Message(output, 2, trainer =>
        {
            trainer.WriteTag(3, WireFormat.WireType.Varint);
            trainer.WriteEnum(1);
        });
        Message(output, 3, normalizer =>
        {
            normalizer.WriteTag(2, WireFormat.WireType.LengthDelimited);
            normalizer.WriteBytes(ByteString.CopyFrom(map));
        });
        output.Flush();
        return stream.ToArray();
    }

    private static void Message(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using var inner = new CodedOutputStream(stream, leaveOpen: true);
        write(inner);
        inner.Flush();
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(stream.ToArray()));
    }

    private void Check(string name, IEnumerable<byte[]> seeds) => new FuzzRun(new Mutator(seeds, _words), ": ") { Inputs = Inputs }.Check(input =>
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, name), input);
        var tokens = TextTokenizer.Load(_folder.Path).EncodeWithOffsets(Text, 100, Truncation.Head).Tokens;
        Assert.All(tokens, token => Assert.InRange(token.End, token.Start, Text.Length));
    });
}
