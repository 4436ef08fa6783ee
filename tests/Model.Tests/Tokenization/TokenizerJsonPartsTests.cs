namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>tokenizer.json of byte pairs and of Unigram: each part that is followed changes ids, each that is not is refused by name.</summary>
public sealed class TokenizerJsonPartsTests
{
    private const string Frame = """ "decoder": {}, "post_processor": {"type": "RobertaProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2]}, """;
    private const string Strip = """{"type": "Strip"}""";

    private const string Pairs = $$"""
        { {{Frame}} "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
          "model": {"type": "BPE", "unk_token": null,
            "vocab": {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "f": 5, "i": 6, "fi": 7, "Ġ": 8, "Ġf": 9},
            "merges": ["f i", ["Ġ", "f"]]} }
        """;

    private const string Unigram = $$"""
        { {{Frame}} "normalizer": {{Strip}}, "pre_tokenizer": {"type": "Metaspace", "prepend_scheme": "always"},
          "model": {"type": "Unigram", "unk_id": 3, "vocab": [["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["<mask>", 0], ["▁", -1],
            ["f", -2], ["i", -2], ["fi", -3], ["▁fi", -3.5]]} }
        """;

    [Theory]
    [InlineData("", "", "fi")]
    [InlineData("\"add_prefix_space\": false", "\"add_prefix_space\": true", "Ġ fi")]
    [InlineData("\"f i\", ", "", "f i")]
    [InlineData("\"merges\": [\"f i\", ", "\"ignore_merges\": true, \"merges\": [", "fi")]
    [InlineData("\"BPE\"", "\"BPE\", \"dropout\": 0, \"end_of_word_suffix\": \"\", \"byte_fallback\": false", "fi")]
    [InlineData("\"f i\", ", "\"i f\", ", null, "merge 1, 'i f', needs 'if'")]
    [InlineData("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}", null, "'normalizer' is")]
    [InlineData("\"type\": \"ByteLevel\"", "\"type\": \"Whitespace\"", null, "'pre_tokenizer' is 'Whitespace', expected 'ByteLevel'")]
    [InlineData("\"type\": \"ByteLevel\"", "\"type\": \"ByteLevel\", \"use_regex\": false", null, "'pre_tokenizer.use_regex' is false")]
    [InlineData("\"BPE\"", "\"BPE\", \"dropout\": 0.1", null, "'dropout' is 0.1")]
    [InlineData("\"BPE\"", "\"BPE\", \"continuing_subword_prefix\": \"##\"", null, "'model.continuing_subword_prefix' is '##'")]
    [InlineData("\"BPE\"", "\"BPE\", \"end_of_word_suffix\": \"</w>\"", null, "'model.end_of_word_suffix' is '</w>'")]
    [InlineData("\"BPE\"", "\"BPE\", \"byte_fallback\": true", null, "'model.byte_fallback' is true")]
    [InlineData("\"unk_token\": null", "\"unk_token\": \"none\"", null, "'model.unk_token' is 'none'")]
    [InlineData("\"RobertaProcessing\"", "\"Other\"", null, "'post_processor' is 'Other'")]
    public void Byte_pairs(string part, string other, string? pieces, string? message = null) =>
        AssertFollowed(Pairs, part, other, pieces, message);

    [Theory]
    [InlineData("null", "fi")]
    [InlineData("\"<unk>\"", "<unk> <unk> fi <unk>")]
    [InlineData("\"<unk>\", \"fuse_unk\": false", "<unk> <unk> fi <unk>")]
    [InlineData("\"<unk>\", \"fuse_unk\": true", "<unk> fi <unk>")]
    public void Bytes_without_a_piece_of_their_own(string unknown, string pieces)
    {
        using var folder = Folder(Pairs.Replace("\"unk_token\": null", $"\"unk_token\": {unknown}", StringComparison.Ordinal));

        Assert.Equal(pieces, folder.Pieces("zzfiz"));
    }

    [Theory]
    [InlineData("", "", "▁fi")]
    [InlineData("\"always\"", "\"never\"", "fi")]
    [InlineData("-3.5", "-35", "▁ fi")]
    [InlineData(Strip, "null", "▁fi")]
    [InlineData(Strip, """{"type": "Sequence", "normalizers": [{"type": "Replace", "pattern": {"String": "fi"}, "content": "i"}]}""", "▁ i")]
    [InlineData(Strip, "{\"type\": \"NFKC\"}", null, "'normalizer' is 'NFKC'")]
    [InlineData(Strip, """{"type": "Sequence", "normalizers": [{"type": "Lowercase"}]}""", null, "'normalizer' is 'Lowercase'")]
    [InlineData(Strip, """{"type": "Replace", "pattern": {"Regex": "f+"}, "content": "f"}""", null, "replaces the pattern 'f+'")]
    [InlineData(Strip, """{"type": "Precompiled", "precompiled_charsmap": "?"}""", null, "'precompiled_charsmap' is not base64")]
    [InlineData("\"type\": \"Metaspace\"", "\"type\": \"ByteLevel\"", null, "'pre_tokenizer' is 'ByteLevel', expected 'Metaspace'")]
    [InlineData("\"always\"", "\"sometimes\"", null, "'prepend_scheme' is 'sometimes'")]
    [InlineData("\"always\"", "\"always\", \"replacement\": \"--\"", null, "'pre_tokenizer.replacement' is '--'")]
    [InlineData("\"unk_id\": 3, ", "\"unk_id\": null, ", null, "'model' has no 'unk_id'")]
    [InlineData("\"unk_id\": 3, ", "\"unk_id\": 3, \"byte_fallback\": true, ", null, "'model.byte_fallback' is true")]
    public void Pieces_with_scores(string part, string other, string? pieces, string? message = null) =>
        AssertFollowed(Unigram, part, other, pieces, message);

    [Theory]
    [InlineData("""{"tokenizer_class": "XLMRobertaTokenizer", "add_prefix_space": false}""", "'add_prefix_space' is false, which contradicts")]
    [InlineData("""{"tokenizer_class": "BertTokenizer"}""", "'tokenizer_class' is 'BertTokenizer'")]
    public void A_configuration_that_contradicts_it_is_refused(string config, string message)
    {
        using var folder = Folder(Unigram);
        folder.Write("tokenizer_config.json", config);

        Assert.Contains(message, folder.Error(), StringComparison.Ordinal);
    }

    private static void AssertFollowed(string json, string part, string other, string? pieces, string? message)
    {
        Assert.Contains(part, json, StringComparison.Ordinal);
        using var folder = Folder(part.Length == 0 ? json : json.Replace(part, other, StringComparison.Ordinal));

        if (message is null)
        {
            Assert.Equal(pieces, folder.Pieces("fi"));
        }
        else
        {
            Assert.Contains(message, folder.Error(), StringComparison.Ordinal);
        }
    }

    private static TokenizerFolder Folder(string json)
    {
        var folder = new TokenizerFolder();
        folder.Delete("vocab.txt");
        folder.Write("tokenizer.json", json);
        return folder;
    }
}
