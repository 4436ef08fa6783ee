namespace LoraOnnx.Model.Tokenization;

/// <summary>How a tokenizer cuts words.</summary>
internal enum TokenizerKind
{
    /// <summary>BERT, DistilBERT: vocab.txt.</summary>
    WordPiece,

    /// <summary>RoBERTa: vocab.json and merges.txt, pairs of bytes.</summary>
    BytePairs,

    /// <summary>XLM-RoBERTa: sentencepiece.bpe.model, pieces with scores.</summary>
    Unigram,
}

/// <summary>What Hugging Face calls each kind, and what it takes for granted where a directory says nothing.</summary>
internal static class TokenizerKinds
{
    /// <summary>Classes that take tokenizer.json as it is, whatever is in it.</summary>
    public static readonly IReadOnlyList<string> GeneralClasses = ["PreTrainedTokenizerFast", "TokenizersBackend"];

    /// <summary>The kind that tokenizer.json calls <paramref name="type"/>, or null.</summary>
    public static TokenizerKind? OfModel(string? type) => type switch
    {
        "WordPiece" => TokenizerKind.WordPiece,
        "BPE" => TokenizerKind.BytePairs,
        "Unigram" => TokenizerKind.Unigram,
        _ => null,
    };

    public static IReadOnlyList<string> Classes(this TokenizerKind kind) => kind switch
    {
        TokenizerKind.WordPiece => ["BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast"],
        TokenizerKind.BytePairs => ["RobertaTokenizer", "RobertaTokenizerFast"],
        _ => ["XLMRobertaTokenizer", "XLMRobertaTokenizerFast"],
    };

    /// <summary>The text of a special token where the files do not say it.</summary>
    public static string StandardToken(this TokenizerKind kind, string key) => (kind == TokenizerKind.WordPiece, key) switch
    {
        (true, "unk_token") => "[UNK]",
        (true, "sep_token") => "[SEP]",
        (true, "pad_token") => "[PAD]",
        (true, "cls_token") => "[CLS]",
        (true, _) => "[MASK]",
        (false, "unk_token") => "<unk>",
        (false, "sep_token") => "</s>",
        (false, "pad_token") => "<pad>",
        (false, "cls_token") => "<s>",
        (false, _) => "<mask>",
    };
}
