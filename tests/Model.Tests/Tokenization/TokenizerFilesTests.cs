using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Model.Tests.Tokenization;

/// <summary>
/// What the files beside a model say about its tokenizer: options, special tokens, added tokens, and files that contradict one another.
/// </summary>
public sealed class TokenizerFilesTests
{
    [Theory]
    [InlineData("""{}""", "film ete")] // lower case and without accents unless the files say otherwise
    [InlineData("""{"do_lower_case": true, "strip_accents": null}""", "film ete")]
    [InlineData("""{"do_lower_case": false}""", "Film é ##té")] // accents stay with the case
    [InlineData("""{"do_lower_case": true, "strip_accents": false}""", "film é ##té")]
    [InlineData("""{"do_lower_case": false, "strip_accents": true}""", "Film ete")]
    public void Case_and_accents_follow_the_options(string config, string pieces)
    {
        using var folder = new TokenizerFolder(config);

        Assert.Equal(pieces, folder.Pieces("Film été"));
    }

    [Theory]
    [InlineData("""{}""", "中 文")]
    [InlineData("""{"tokenize_chinese_chars": false}""", "中文")]
    public void Chinese_characters_are_words_unless_the_option_is_off(string config, string pieces)
    {
        using var folder = new TokenizerFolder(config);

        Assert.Equal(pieces, folder.Pieces("中文"));
    }

    [Fact]
    public void No_tokenizer_json_is_made_of_two_words_with_one_id()
    {
        using var folder = new TemporaryFolder();
        folder.Write("vocab.json", """{"<s>": 0, "<pad>": 1, "</s>": 2, "<mask>": 3, "<unk>": 4, "f": 5, "i": 6, "j": 6, "fi": 7}""");
        folder.Write("merges.txt", "f i\n");

        var error = Assert.Throws<InputException>(() => Model.Tokenization.TokenizerJson.Write(folder.Path, Path.Combine(folder.Path, "made.json")));

        Assert.Contains("gives 'i' and 'j' the id 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Control_characters_stay_where_clean_text_is_off()
    {
        using var folder = new TokenizerFolder("""{"clean_text": false}""");

        Assert.Equal("[UNK]", folder.Pieces("fi\u0001lm"));
    }

    [Theory]
    [InlineData("512", 512)]
    [InlineData("1000000000000000019884624838656", int.MaxValue)]
    public void The_longest_input_is_that_of_the_configuration(string length, int expected)
    {
        using var folder = new TokenizerFolder($$"""{"model_max_length": {{length}}}""");

        Assert.Equal(expected, folder.Load().MaxLength);
    }

    [Theory]
    [InlineData("tokenizer_config.json",
        """{"cls_token": "<s>", "sep_token": {"content": "</s>"}, "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}""")]
    [InlineData("special_tokens_map.json",
        """{"cls_token": {"content": "<s>"}, "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}""")]
    public void Special_tokens_may_have_other_names(string file, string content)
    {
        using var folder = new TokenizerFolder(vocabulary: "<pad>\n<unk>\n<s>\n</s>\n<mask>\nfilm\n");
        folder.Write(file, content);

        var tokenizer = folder.Load();

        Assert.Equal((2, 3, 0, 1), (tokenizer.ClsTokenId, tokenizer.SepTokenId, tokenizer.PadTokenId, tokenizer.UnknownTokenId));
        Assert.Equal([2, 5, 4, 1, 3], tokenizer.Encode("film<mask> other", 100, Truncation.Head).Ids);
    }

    [Theory]
    [InlineData("tokenizer_config.json",
        """{"added_tokens_decoder": {"17": {"content": "<movie>", "lstrip": false, "normalized": false, "special": true}}}""")]
    [InlineData("tokenizer.json", null)]
    public void Added_tokens_are_matched_in_the_raw_text(string file, string? content)
    {
        using var folder = new TokenizerFolder();
        folder.Write(file, content ?? TokenizerJson(TokenizerFolder.Vocabulary, """{"id": 17, "content": "<movie>", "normalized": false}"""));

        Assert.Equal("film <movie> film", folder.Pieces("film<movie>film"));
    }

    [Fact]
    public void Words_of_the_vocabulary_may_be_special_tokens()
    {
        using var folder = new TokenizerFolder("""{"additional_special_tokens": ["[unused1]"]}""");

        Assert.Equal("film [unused1] film", folder.Pieces("film[unused1]film"));
    }

    [Fact]
    public void Vocabulary_and_options_may_be_in_tokenizer_json_alone()
    {
        using var folder = new TokenizerFolder();
        folder.Delete("vocab.txt");
        folder.Write("tokenizer.json", TokenizerJson(TokenizerFolder.Vocabulary, null, lowercase: false));

        Assert.Equal("Film ##s", folder.Pieces("Films"));
    }

    [Theory]
    [InlineData("DistilBertTokenizer", "film")] // BERT's own classes put the configuration over tokenizer.json
    [InlineData("PreTrainedTokenizerFast", "Film")] // the general one takes the file as it is
    public void Which_file_wins_depends_on_the_class_as_in_Hugging_Face(string name, string pieces)
    {
        using var folder = new TokenizerFolder($$"""{"tokenizer_class": "{{name}}", "do_lower_case": true}""");
        folder.Write("tokenizer.json", TokenizerJson(TokenizerFolder.Vocabulary, null, lowercase: false));

        Assert.Equal(pieces, folder.Pieces("Film"));
    }

    [Theory]
    [InlineData("film\n", "movie\n", "'film' has the id 5 here and none in tokenizer.json")]
    [InlineData("film\nmovie\n", "movie\nfilm\n", "'film' has the id 5 here and 6 in tokenizer.json")]
    [InlineData("film\n", "film\nmovie\n", "'movie' has no id here and 6 in tokenizer.json")]
    public void Two_vocabularies_must_be_one(string text, string json, string message)
    {
        const string Special = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
        using var folder = new TokenizerFolder(vocabulary: Special + text);
        folder.Write("tokenizer.json", TokenizerJson(Special + json, null));

        Assert.Contains(message, folder.Error(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"tokenizer_class": "RobertaTokenizer"}""", "'tokenizer_class' is 'RobertaTokenizer'")]
    [InlineData("tokenizer_config.json", """{"do_basic_tokenize": false}""", "'do_basic_tokenize' is false")]
    [InlineData("tokenizer_config.json", """{"never_split": ["film"]}""", "'never_split' is the list")]
    [InlineData("tokenizer_config.json", """{"truncation_side": "left"}""", "'truncation_side' is 'left'")]
    [InlineData("tokenizer_config.json", """{"split_special_tokens": true}""", "'split_special_tokens' is true")]
    [InlineData("tokenizer_config.json", """{"model_max_length": 1}""", "'model_max_length' is 1")]
    [InlineData("tokenizer_config.json", """{"cls_token": "<s>"}""", "has no '<s>', the 'cls_token'")]
    [InlineData("tokenizer_config.json", """{"cls_token": 3}""", "'cls_token' is 3, expected a string")]
    [InlineData("tokenizer_config.json", """{"additional_special_tokens": ["<new>"]}""", "'additional_special_tokens' has '<new>', which has no id")]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder": {"17": {"content": "<new>", "normalized": true}}}""",
        "'<new>' has 'normalized' true, which is not supported")]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder": {"101": {"content": "[CLS]"}}}""",
        "gives '[CLS]' the id 101, vocab.txt gives it 2")]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder": {"5": {"content": "<new>"}}}""",
        "gives '<new>' the id 5, which is that of 'film'")]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder": {"17": "<new>"}}""", "an added token is \"<new>\", expected an object")]
    [InlineData("added_tokens.json", """{"<new>": 17}""",
        "adds '<new>' with the id 17, which tokenizer_config.json and tokenizer.json do not mention")]
    [InlineData("tokenizer.json", """{"model": {"type": "WordLevel"}}""", "'model' is 'WordLevel', expected 'WordPiece', 'BPE' or 'Unigram'")]
    [InlineData("tokenizer.json",
        """{"model": {"type": "WordPiece"}, "normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"}}""",
            "'model' has no 'vocab'")]
    [InlineData("vocab.txt", "", "is empty")]
    [InlineData("vocab.txt", "[PAD]\n[CLS]\n[SEP]\n", "has no '[UNK]', the 'unk_token'")]
    public void What_is_wrong_or_not_supported_is_named_with_its_value(string file, string content, string message)
    {
        using var folder = new TokenizerFolder();
        folder.Write(file, content);

        Assert.Contains(message, folder.Error(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_files_that_name_a_special_token_differently_are_refused()
    {
        using var folder = new TokenizerFolder("""{"cls_token": "[CLS]"}""");
        folder.Write("special_tokens_map.json", """{"cls_token": {"content": "film"}}""");

        Assert.Contains("'cls_token' is 'film', which is '[CLS]' in tokenizer_config.json", folder.Error(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"padding_side": "left", "bos_token": "x", "errors": "replace", "clean_up_tokenization_spaces": true}""")]
    [InlineData("tokenizer_config.json", """{"do_lower_case": true, "sp_model_kwargs": {}, "model_input_names": ["input_ids"], "stride": 7}""")]
    [InlineData("special_tokens_map.json", """{"bos_token": "x", "eos_token": {"content": "y"}}""")]
    public void What_decides_no_id_is_ignored(string file, string content)
    {
        using var folder = new TokenizerFolder();
        using var plain = new TokenizerFolder();
        folder.Write(file, content);

        Assert.Equal(plain.Load().ContentHash, folder.Load().ContentHash);
    }

    [Theory]
    [InlineData("\"BertNormalizer\"", "\"Other\"", "'normalizer' is 'Other', expected 'BertNormalizer'")]
    [InlineData("\"BertPreTokenizer\"", "\"Other\"", "'pre_tokenizer' is 'Other', expected 'BertPreTokenizer'")]
    [InlineData("\"model\": {", "\"model\": {\"unk_token\": \"film\", ", "'model.unk_token' is 'film', the special token 'unk_token' '[UNK]'")]
    [InlineData("\"model\":", "\"truncation\": {\"direction\": \"Left\"}, \"model\":", "'truncation.direction' is 'Left'")]
    public void Other_parts_than_those_of_BERT_are_refused_by_name(string part, string other, string message)
    {
        using var folder = new TokenizerFolder();
        folder.Write("tokenizer.json", TokenizerJson(TokenizerFolder.Vocabulary, null).Replace(part, other, StringComparison.Ordinal));

        Assert.Contains(message, folder.Error(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_and_blank_lines_at_the_end_change_nothing()
    {
        using var folder = new TokenizerFolder();
        using var marked = new TokenizerFolder(vocabulary: "\uFEFF" + TokenizerFolder.Vocabulary + "\n\r\n \n");

        Assert.Equal(folder.Load().ContentHash, marked.Load().ContentHash);
    }

    [Fact]
    public void What_is_shown_of_a_strangers_file_is_short_and_has_no_control_characters()
    {
        using var folder = new TokenizerFolder();
        folder.Write("tokenizer_config.json", $$"""{"tokenizer_class": "\u001b[31m\r\u202e{{new string('x', 100_000)}}"}""");

        var error = folder.Error();

        Assert.InRange(error.Length, 1, 1200);
        Assert.DoesNotContain(error, character => char.IsControl(character) || character == '\u202e');
    }

    [Fact]
    public void A_directory_without_a_vocabulary_is_named()
    {
        using var folder = new TokenizerFolder();
        folder.Delete("vocab.txt");

        Assert.Contains("has neither tokenizer.json nor vocab.txt, vocab.json or sentencepiece.bpe.model", folder.Error(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_with_more_words_than_the_model_is_refused()
    {
        using var model = new TinyModel();
        File.AppendAllText(System.IO.Path.Combine(model.Checkpoint, "vocab.txt"), "one word more\n");

        var error = Assert.Throws<InputException>(() => TextTokenizer.Load(model.Checkpoint, ModelConfig.Load(model.Checkpoint).Shape.Vocabulary));

        Assert.Contains("the tokenizer has 61 words, config.json 'vocab_size' 60", error.Message, StringComparison.Ordinal);
    }

    internal static string TokenizerJson(string vocabulary, string? addedToken, bool lowercase = true) => $$"""
        {
          "added_tokens": [{{addedToken}}],
          "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
              "lowercase": {{(lowercase ? "true" : "false")}}},
          "pre_tokenizer": {"type": "BertPreTokenizer"},
          "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]},
          "model": {"type": "WordPiece", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": { {{string.Join(", ", vocabulary.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select((word, id) => $"\"{word}\": {id}"))}} } }
        }
        """;
}
