using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Hugging Face's tokenizers, id by id, as a Microsoft.ML.Tokenizers tokenizer. Thread-safe.</summary>
/// <remarks>
/// The members of the base class give [CLS] and [SEP] too, and always normalize and split: the ids of a model do not depend on which of the two
/// types a variable has. Offsets count UTF-16 units; <see cref="TextOffsets"/> turns them into code points or UTF-8 bytes.
/// </remarks>
public sealed class TextTokenizer : Tokenizer
{
    /// <summary>What makes up a tokenizer in a checkpoint or ONNX directory. Not all need be there.</summary>
    public static readonly IReadOnlyList<string> FileNames = 
    [
        TokenizerFiles.VocabularyName, TokenizerFiles.ConfigName, TokenizerFiles.JsonName, TokenizerFiles.SpecialTokensName,
    ];

    private readonly CharacterPlan _plan;
    private readonly Vocabulary _vocabulary;

    private TextTokenizer(TokenizerFiles files)
    {
        ClsTokenId = files.SpecialId("cls_token");
        SepTokenId = files.SpecialId("sep_token");
        PadTokenId = files.SpecialId("pad_token");
        UnknownTokenId = files.SpecialId("unk_token");
        MaxLength = files.MaxLength;
        _plan = new CharacterPlan(files.Normalizer);
        _vocabulary = new Vocabulary(files.Pieces, files.Added, files.AddedRules, files.ContinuingPrefix, UnknownTokenId, files.LongestWord);
        ContentHash = Hash(files);
    }

    /// <summary>Words in the vocabulary: the highest id plus 1, which is the number of rows that the embedding must have.</summary>
    public int VocabularySize => _vocabulary.Size;

    /// <summary>SHA-256 over what decides the ids: vocabulary and options. Equal hashes give equal ids.</summary>
    public string ContentHash { get; }

    /// <summary>The longest input that tokenizer_config.json allows, in tokens with [CLS] and [SEP]; int.MaxValue where it sets no limit.</summary>
    public int MaxLength { get; }

    /// <summary>Begins every input.</summary>
    public int ClsTokenId { get; }

    /// <summary>Ends every input.</summary>
    public int SepTokenId { get; }

    /// <summary>Fills a batch up.</summary>
    public int PadTokenId { get; }

    /// <summary>Stands for a word that cannot be cut into pieces.</summary>
    public int UnknownTokenId { get; }

    /// <summary>Like <see cref="Load(string)"/>, and checks that the model has an embedding for every id.</summary>
    /// <param name="directory">A checkpoint or ONNX directory.</param>
    /// <param name="embeddingRows">What config.json calls <c>vocab_size</c>.</param>
    /// <exception cref="InputException">A file is missing, malformed, or not this model's.</exception>
    public static TextTokenizer Load(string directory, int embeddingRows)
    {
        var tokenizer = Load(directory);
        return tokenizer.VocabularySize <= embeddingRows ? tokenizer
            : throw InputException.InFile(directory, $"the tokenizer has {tokenizer.VocabularySize} words, config.json 'vocab_size' {embeddingRows}.",
                "tokenizer and model are from different checkpoints.");
    }

    /// <summary>Reads vocab.txt and tokenizer_config.json (or tokenizer.json) in a checkpoint or ONNX directory.</summary>
    /// <exception cref="InputException">A file is missing, malformed, or asks for an option that is not supported.</exception>
    public static TextTokenizer Load(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        return new TextTokenizer(new TokenizerFiles(directory));
    }

    /// <summary>Encodes [CLS] text [SEP], cut to <paramref name="maxTokens"/> (at least 2). Never throws for any text, lone surrogates included.</summary>
    public EncodedText Encode(string text, int maxTokens, Truncation truncation)
    {
        var window = new TruncationWindow(maxTokens, truncation);
        using var pass = Read(text, window.Limit);
        return Cut(pass, window, null);
    }

    /// <summary>Like <see cref="Encode"/>, with the place of each token in the text.</summary>
    public (EncodedText Encoded, Token[] Tokens) EncodeWithOffsets(string text, int maxTokens, Truncation truncation)
    {
        var window = new TruncationWindow(maxTokens, truncation);
        using var pass = Read(text, window.Limit);
        var tokens = new Token[window.Length(pass.Total)];
        return (Cut(pass, window, tokens), tokens);
    }

    /// <summary>The vocabulary entry of an id, such as <c>##ing</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary has no such id.</exception>
    public string TokenText(int id) =>
        _vocabulary.TextOf(id) ?? throw new ArgumentOutOfRangeException(nameof(id), id, $"the vocabulary has the ids 0 to {VocabularySize - 1}.");

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var span = text is null ? textSpan : text;
        var window = new TruncationWindow(settings.MaxTokenCount, Truncation.Head);
        using var pass = Read(span, window.Limit);
        var tokens = new Token[window.Length(pass.Total)];
        Cut(pass, window, tokens);
        return new EncodeResults<EncodedToken>
        {
            Tokens = [.. tokens.Select(token => new EncodedToken(token.Id, TokenText(token.Id), new Range(token.Start, token.End)))],
            CharsConsumed = EndOf(pass, window, span.Length),
        };
    }

    /// <inheritdoc/>
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var span = text is null ? textSpan : text;
        var window = new TruncationWindow(settings.MaxTokenCount, Truncation.Head);
        using var pass = Read(span, window.Limit);
        return new EncodeResults<int> { Tokens = Cut(pass, window, null).Ids, CharsConsumed = EndOf(pass, window, span.Length) };
    }

    /// <inheritdoc/>
    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        using var pass = Read(text is null ? textSpan : text, limit: 0);
        return new TruncationWindow(settings.MaxTokenCount, Truncation.Head).Length(pass.Total);
    }

    /// <summary>Where a text has to be cut for its beginning (or end) to fill the limit, [CLS] and [SEP] counted.</summary>
    protected override int GetIndexByTokenCount(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd, out string? normalizedText, out int tokenCount)
    {
        var span = text is null ? textSpan : text;
        var window = new TruncationWindow(settings.MaxTokenCount, fromEnd ? Truncation.Tail : Truncation.Head);
        using var pass = Read(span, window.Limit);
        normalizedText = null;
        tokenCount = window.Length(pass.Total);
        var kept = tokenCount - TruncationWindow.SpecialTokens;
        return !fromEnd ? EndOf(pass, window, span.Length)
            : kept == pass.Total ? 0
            : kept == 0 ? span.Length
            : pass.Tokens[pass.Total - kept].Start;
    }

    /// <summary>The place in the text where what the window keeps of its beginning ends.</summary>
    private static int EndOf(in EncodingPass pass, TruncationWindow window, int length)
    {
        var kept = window.Length(pass.Total) - TruncationWindow.SpecialTokens;
        return kept == pass.Total ? length : kept == 0 ? 0 : pass.Tokens[kept - 1].End;
    }

    /// <inheritdoc/>
    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        (idsConsumed, charsWritten) = (0, 0);
        foreach (var id in ids)
        {
            var (space, piece) = Piece(id, isFirst: idsConsumed == 0);
            if (charsWritten + (space ? 1 : 0) + piece.Length > destination.Length)
            {
                return OperationStatus.DestinationTooSmall;
            }

            if (space)
            {
                destination[charsWritten++] = ' ';
            }

            piece.CopyTo(destination[charsWritten..]);
            charsWritten += piece.Length;
            idsConsumed++;
        }

        return OperationStatus.Done;
    }

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var text = new StringBuilder();
        var isFirst = true;
        foreach (var id in ids)
        {
            var (space, piece) = Piece(id, isFirst);
            text.Append(space ? " " : "").Append(piece);
            isFirst = false;
        }

        return text.ToString();
    }

    private EncodingPass Read(ReadOnlySpan<char> text, int limit)
    {
        var pass = new EncodingPass(_plan, _vocabulary, limit);
        pass.Read(text);
        return pass;
    }

    private EncodedText Cut(in EncodingPass pass, TruncationWindow window, Token[]? tokens)
    {
        var ids = new int[window.Length(pass.Total)];
        (ids[0], ids[^1]) = (ClsTokenId, SepTokenId);
        if (tokens is not null)
        {
            (tokens[0], tokens[^1]) = (new Token(ClsTokenId, 0, 0), new Token(SepTokenId, 0, 0));
        }

        for (var index = 1; index < ids.Length - 1; index++)
        {
            var token = pass.Tokens[window.Source(index - 1, pass.Total)];
            ids[index] = token.Id;
            if (tokens is not null)
            {
                tokens[index] = token;
            }
        }

        return new EncodedText(ids, pass.Total + TruncationWindow.SpecialTokens);
    }

    private (bool Space, string Text) Piece(int id, bool isFirst)
    {
        var text = TokenText(id);
        return !isFirst && text.StartsWith(_vocabulary.ContinuingPrefix, StringComparison.Ordinal)
            ? (false, text[_vocabulary.ContinuingPrefix.Length..])
            : (!isFirst, text);
    }

    private static string Hash(TokenizerFiles files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var options = $"{files.Normalizer}\n{files.ContinuingPrefix}\n{files.LongestWord}\n"
            + $"{files.SpecialId("cls_token")} {files.SpecialId("sep_token")} {files.SpecialId("unk_token")}\n";
        hash.AppendData(Encoding.UTF8.GetBytes(options));
        foreach (var (text, id) in files.Pieces.Concat(files.Added.OrderBy(token => token.Value).Select(token => (token.Key, token.Value))))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{id} {text}\n"));
        }

        foreach (var (text, rules) in files.AddedRules.Where(token => token.Value != AddedTokenRules.None).OrderBy(token => token.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{text} {(int)rules}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
