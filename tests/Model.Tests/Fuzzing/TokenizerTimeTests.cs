using Google.Protobuf;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.Tests.Fuzzing;
using static LoraOnnx.Tests.Fuzzing.ReadingTime;

namespace LoraOnnx.Model.Tests.Fuzzing;

/// <summary>Tokenizer files made to be slow to read; each is read from its directory as the programs read it, and reads a text then.</summary>
public sealed class TokenizerTimeTests : IDisposable
{
    private const string Text = "aaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaa w1 w2 a-b";

    private const string Words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";

    private const string Specials = "\"<s>\":0,\"<pad>\":1,\"</s>\":2,\"<unk>\":3,\"<mask>\":4";

    private const string Frame = "\"post_processor\":{\"type\":\"RobertaProcessing\",\"sep\":[\"</s>\",2],\"cls\":[\"<s>\",0]}";

    private const string Bytes = "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true}," + Frame;

    private const string Pieces = "[\"<s>\",0],[\"<pad>\",0],[\"</s>\",0],[\"<unk>\",0],[\"<mask>\",0]";

    private const string Marks = "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"always\"}," + Frame;

    /// <summary>The files of each attack, by the size that the large one shall have.</summary>
    private static readonly Dictionary<string, Func<int, (string Name, string Content)[]>> _attacks = new()
    {
        ["words"] = size => [("vocab.txt", Words + Numbered(size / 8, "w{0}", "\n"))],
        ["one word many times"] = size => [("vocab.txt", Words + Many("aaaa", size / 5, "\n"))],
        ["words of one long beginning"] = size => [("vocab.txt", Words + Numbered(size / 210, new string('a', 200) + "{0}", "\n"))],
        ["a long word"] = size => [("vocab.txt", Words + new string('a', size))],
        ["blank lines at the end"] = size => [("vocab.txt", Words + new string('\n', size))],
        ["blank lines in between"] = size => [("vocab.txt", Words + new string('\n', size) + "word")],
        ["added tokens of a configuration"] = size => [("vocab.txt", Words), ("tokenizer_config.json",
            $$"""{"added_tokens_decoder":{ {{Numbered(size / 60, "\"{0}\":{{\"content\":\"<t{0}>\",\"special\":true,\"lstrip\":true}}")}} } }""")],
        ["special tokens"] = size => [("vocab.txt", Words), ("special_tokens_map.json",
            $$"""{"additional_special_tokens":[{{Numbered(size / 10, "\"<t{0}>\"")}}]}""")],
        ["merges of one letter"] = size => [("vocab.json", $$"""{ {{Specials}},"a":5,"aa":6 }"""),
            ("merges.txt", "#version: 0.2\n" + Many("a a", size / 4, "\n"))],
        ["merges"] = size => [("vocab.json", $$"""{ {{Specials}},"a":5,{{Numbered(size / 40, "\"a{0}\":1{0},\"{0}\":2{0}")}} }"""),
            ("merges.txt", "#version: 0.2\n" + Numbered(size / 40, "a {0}", "\n"))],
        ["a long merge"] = size => [("vocab.json", $$"""{ {{Specials}},"a":5 }"""), ("merges.txt", new string('a', size) + " a")],
        ["entries of byte pairs"] = size => [("tokenizer.json", Json(Bytes,
            $$"""{"type":"BPE","vocab":{ {{Specials}},{{Numbered(size / 16, "\"w{0}\":1{0}")}} },"merges":[]}"""))],
        ["merges that double"] = size => [("tokenizer.json", Json(Bytes, $$"""
            {"type":"BPE","vocab":{ {{Specials}},"a":5,"aa":6,"aaaa":7,"aaaaaaaa":8 },"merges":["a a","aa aa","aaaa aaaa"{{
            Many(",[\"a\",\"a\"]", size / 10, "")}}]}
            """))],
        ["pieces"] = size => [("tokenizer.json", Json(Marks,
            $$"""{"type":"Unigram","unk_id":3,"vocab":[{{Pieces}},{{Numbered(size / 16, "[\"w{0}\",-1.5]")}}]}"""))],
        ["pieces of one beginning"] = size => [("tokenizer.json", Json(Marks,
            $$"""{"type":"Unigram","unk_id":3,"vocab":[{{Pieces}},{{Numbered(size / 215, "[\"" + new string('a', 200) + "{0}\",-1.5]")}}]}"""))],
        ["pieces of one letter, each longer"] = size => [("tokenizer.json", Json(Marks,
            $$"""{"type":"Unigram","unk_id":3,"vocab":[{{Pieces}},{{Longer(size)}}]}"""))],
        ["a long piece"] = size => [("tokenizer.json", Json(Marks,
            $$"""{"type":"Unigram","unk_id":3,"vocab":[{{Pieces}},["{{new string('a', size)}}",-1]]}"""))],
        ["added tokens"] = size => [("tokenizer.json", Json(Bytes + $$"""
            ,"added_tokens":[{{Numbered(size / 60, "{{\"id\":9{0},\"content\":\"<t{0}>\",\"special\":true}}")}}]
            """, $$"""{"type":"BPE","vocab":{ {{Specials}} },"merges":[]}"""))],
        ["added tokens of one beginning"] = size => [("tokenizer.json", Json(Bytes + $$"""
            ,"added_tokens":[{{Numbered(size / 260, "{{\"id\":9{0},\"content\":\"" + new string('a', 200) + "{0}\",\"special\":true}}")}}]
            """, $$"""{"type":"BPE","vocab":{ {{Specials}} },"merges":[]}"""))],
        ["steps of a normalizer"] = size => [("tokenizer.json", Json(Marks + $$"""
            ,"normalizer":{"type":"Sequence","normalizers":[{{Many("{\"type\":\"Strip\",\"strip_left\":true}", size / 38)}}]}
            """, $$"""{"type":"Unigram","unk_id":3,"vocab":[{{Pieces}}]}"""))],
        ["steps of a frame"] = size => [("tokenizer.json", $$"""
            {"post_processor":{"type":"Sequence","processors":[{{Many("{\"type\":\"ByteLevel\"}", size / 22)}}]},
            "pre_tokenizer":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{ {{Specials}} },"merges":[]} }
            """)],
        ["parts of a template"] = size => [("tokenizer.json", $$"""
            {"post_processor":{"type":"TemplateProcessing","single":[{{Many("{\"Sequence\":{\"id\":\"A\"}}", size / 26)}}]},
            "pre_tokenizer":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{ {{Specials}} },"merges":[]} }
            """)],
        ["unknown parts"] = size => [("tokenizer.json", Json(Bytes + $$""","x":{ {{Numbered(size / 14, "\"k{0}\":[[]]")}} }""",
            $$"""{"type":"BPE","vocab":{ {{Specials}} },"merges":[]}"""))],
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Attacks => [.. _attacks.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Its_files_take_time_in_proportion_to_their_size(string attack) =>
        ReadingTime.Check(attack, size => Write(_attacks[attack](size)), Read);

    [Theory]
    [InlineData("pieces", 1)]
    [InlineData("pieces for raw texts", 4)]
    [InlineData("pieces of bytes", 6)]
    public void A_SentencePiece_model_takes_time_in_proportion_to_its_size(string attack, int type) => ReadingTime.Check(attack, size =>
    {
        var folder = Write([("tokenizer_config.json", """{"tokenizer_class":"XLMRobertaTokenizer"}""")]);
        File.WriteAllBytes(Path.Combine(folder, "sentencepiece.bpe.model"), Model(size / 20, type));
        return folder;
    }, Read);

    [Fact]
    public void A_tokenizer_json_of_17_MB_is_read()
    {
        var folder = Write([("tokenizer.json", Json(Marks,
            $$"""{"type":"Unigram","unk_id":3,"vocab":[{{Pieces}},{{Numbered(250_000, "[\"" + new string('w', 50) + "{0}\",-12.3456789]")}}]}"""))]);
        Assert.True(new FileInfo(Path.Combine(folder, "tokenizer.json")).Length > 17_000_000);

        Assert.NotEmpty(TextTokenizer.Load(folder).Encode("w0", 16, Truncation.Head).Ids);
    }

    private static void Read(string folder) => TextTokenizer.Load(folder).Encode(Text, 64, Truncation.Head);

    private string Write((string Name, string Content)[] files)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"))).FullName;
        foreach (var (name, content) in files)
        {
            File.WriteAllText(Path.Combine(folder, name), content);
        }

        return folder;
    }

    private static string Json(string parts, string model) => $$"""{ {{parts}},"model":{{model}} }""";

    /// <summary>a, aa, aaa and so on, which a tree of letters holds in one path.</summary>
    private static string Longer(int size) => string.Join(',',
        Enumerable.Range(1, (int)Math.Sqrt(2.0 * size)).Select(length => $"[\"{new string('a', length)}\",-1.5]"));

    private static byte[] Model(int pieces, int type)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            for (var i = 0; i < pieces; i++)
            {
                using var piece = new MemoryStream();
                using (var inner = new CodedOutputStream(piece, leaveOpen: true))
                {
                    inner.WriteTag(1, WireFormat.WireType.LengthDelimited);
                    inner.WriteString(i < 3 ? new[] { "<unk>", "<s>", "</s>" }[i] : $"▁w{i}");
                    inner.WriteTag(2, WireFormat.WireType.Fixed32);
                    inner.WriteFloat(-i);
                    inner.WriteTag(3, WireFormat.WireType.Varint);
                    inner.WriteInt32(i == 0 ? 2 : i < 3 ? 3 : type);
                }

                output.WriteTag(1, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(piece.ToArray()));
            }
        }

        return bytes.ToArray();
    }
}
