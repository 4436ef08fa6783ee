namespace LoraOnnx.Model.Tokenization.WordPiece;

/// <summary>Options of BERT's tokenizer: from tokenizer_config.json, else from tokenizer.json, else Hugging Face's defaults.</summary>
internal sealed record WordPieceOptions(NormalizerOptions Normalizer, string ContinuingPrefix, int LongestWord)
{
    public static WordPieceOptions Of(TokenizerFiles files)
    {
        Check(files);
        var model = files.Part("model");
        // The two general classes of Hugging Face take tokenizer.json as it is; BERT's own put the options of the configuration over it.
        var config = files.ConfigOverJson;
        var normalizer = files.Part("normalizer");
        var lowercase = config?.OptionalFlag("do_lower_case") ?? normalizer?.OptionalFlag("lowercase") ?? true;
        return new WordPieceOptions(
            new NormalizerOptions(
                CleanText: config?.OptionalFlag("clean_text") ?? normalizer?.OptionalFlag("clean_text") ?? true,
                SplitChinese: config?.OptionalFlag("tokenize_chinese_chars") ?? normalizer?.OptionalFlag("handle_chinese_chars") ?? true,
                StripAccents: config?.OptionalFlag("strip_accents") ?? normalizer?.OptionalFlag("strip_accents") ?? lowercase,
                Lowercase: lowercase),
            files.Config?.Text("wordpieces_prefix") ?? model?.Text("continuing_subword_prefix") ?? "##",
            model?.Integer("max_input_chars_per_word", 100, 1, 10_000) ?? 100);
    }

    private static void Check(TokenizerFiles files)
    {
        if (files.Config?.OptionalFlag("do_basic_tokenize") == false)
        {
            throw InputException.InFile(files.ConfigPath, "'do_basic_tokenize' is false, which is not supported.");
        }

        if (files.Config?.Find("never_split") is { } kept && !(kept.ValueKind == System.Text.Json.JsonValueKind.Array && kept.GetArrayLength() == 0))
        {
            throw InputException.InFile(files.ConfigPath, $"'never_split' is {JsonFields.Describe(kept)}, which is not supported.");
        }

        if (files.Json is not null)
        {
            files.CheckKind("normalizer", "BertNormalizer");
            files.CheckKind("pre_tokenizer", "BertPreTokenizer");
        }

        if (files.Part("model")?.Text("unk_token") is { } unknown && unknown != files.TextOf("unk_token"))
        {
            throw InputException.InFile(files.JsonPath, $"'model.unk_token' is '{unknown}', the special token 'unk_token' "
                + $"'{files.TextOf("unk_token")}'.", $"say in {TokenizerFiles.ConfigName} what the model was trained with.");
        }
    }
}
