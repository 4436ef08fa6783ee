using System.Buffers;
using System.Numerics;
using System.Text;
using LoraOnnx.Model.Tokenization.BytePairs;
using LoraOnnx.Model.Tokenization.Unigram;
using LoraOnnx.Model.Tokenization.WordPiece;
using Microsoft.ML.Tokenizers;
using WordPieceOptions = LoraOnnx.Model.Tokenization.WordPiece.WordPieceOptions;

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
        TokenizerFiles.PairVocabularyName, TokenizerFiles.MergesName, TokenizerFiles.SentencePieceName,
    ];

    /// <summary>Those of <see cref="FileNames"/> that have the words; one of them must be there.</summary>
    public static readonly IReadOnlyList<string> VocabularyNames =
    [
        TokenizerFiles.VocabularyName, TokenizerFiles.JsonName, TokenizerFiles.PairVocabularyName, TokenizerFiles.SentencePieceName,
    ];

    private readonly IPieceModel _pieces;

    private TextTokenizer(TokenizerFiles files)
    {
        ClsTokenId = files.Frame?.First ?? files.SpecialId("cls_token");
        SepTokenId = files.Frame?.Last ?? files.SpecialId("sep_token");
        PadTokenId = files.SpecialId("pad_token");
        UnknownTokenId = files.SpecialId("unk_token");
        MaskTokenId = files.FindSpecialId("mask_token");
        MaxLength = files.MaxLength;
        (_pieces, ContentHash) = Pieces(files);
    }

    /// <summary>Words in the vocabulary: the highest id plus 1, which is the number of rows that the embedding must have.</summary>
    public int VocabularySize => _pieces.Size;

    /// <summary>SHA-256 over what decides the ids: vocabulary and options. Equal hashes give equal ids.</summary>
    public string ContentHash { get; }

    /// <summary>The longest input that tokenizer_config.json allows, in tokens with [CLS] and [SEP]; int.MaxValue where it sets no limit.</summary>
    public int MaxLength { get; }

    /// <summary>Begins every input: [CLS], <c>&lt;s&gt;</c>.</summary>
    public int ClsTokenId { get; }

    /// <summary>Ends every input: [SEP], <c>&lt;/s&gt;</c>.</summary>
    public int SepTokenId { get; }

    /// <summary>Fills a batch up.</summary>
    public int PadTokenId { get; }

    /// <summary>Stands for a word that cannot be cut into pieces.</summary>
    public int UnknownTokenId { get; }

    /// <summary>Stands for a word that is to be guessed; null where the vocabulary has none.</summary>
    public int? MaskTokenId { get; }

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

    /// <summary>Reads the files of a checkpoint or ONNX directory, which say of what kind the tokenizer is.</summary>
    /// <exception cref="InputException">A file is missing, malformed, or asks for an option that is not supported.</exception>
    public static TextTokenizer Load(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        return new TextTokenizer(new TokenizerFiles(directory));
    }

    /// <summary>
    /// Encodes [CLS] text [SEP], cut to <paramref name="maxTokens"/> (at least 2). Never throws for any text, lone surrogates included.
    /// </summary>
    public EncodedText Encode(string text, int maxTokens, Truncation truncation)
    {
        var window = new TruncationWindow(maxTokens, truncation);
        using var sink = Read(text, window.Limit);
        return Cut(sink, window, null);
    }

    /// <summary>The same without a new array: the ids of the text stand at the beginning of <paramref name="ids"/>, which is exchanged for a longer
    /// array where it is too short.</summary>
    /// <returns>How many there are.</returns>
    public int Encode(string text, int maxTokens, Truncation truncation, ref int[] ids, out int totalTokens)
    {
        var window = new TruncationWindow(maxTokens, truncation);
        using var sink = Read(text, window.Limit);
        var length = window.Length(sink.Total);
        if (ids.Length < length)
        {
            ids = new int[BitOperations.RoundUpToPowerOf2((uint)length)];
        }

        Fill(ids.AsSpan(0, length), sink, window);
        totalTokens = sink.Total + TruncationWindow.SpecialTokens;
        return length;
    }

    /// <summary>Like <see cref="Encode(string, int, Truncation)"/>, with the place of each token in the text.</summary>
    public (EncodedText Encoded, Token[] Tokens) EncodeWithOffsets(string text, int maxTokens, Truncation truncation)
    {
        var window = new TruncationWindow(maxTokens, truncation);
        using var sink = Read(text, window.Limit);
        var tokens = new Token[window.Length(sink.Total)];
        return (Cut(sink, window, tokens), tokens);
    }

    /// <summary>The vocabulary entry of an id, such as <c>##ing</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary has no such id.</exception>
    public string TokenText(int id) =>
        _pieces.TextOf(id) ?? throw new ArgumentOutOfRangeException(nameof(id), id, $"the vocabulary has the ids 0 to {VocabularySize - 1}.");

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var span = text is null ? textSpan : text;
        var window = new TruncationWindow(settings.MaxTokenCount, Truncation.Head);
        using var sink = Read(span, window.Limit);
        var tokens = new Token[window.Length(sink.Total)];
        Cut(sink, window, tokens);
        return new EncodeResults<EncodedToken>
        {
            Tokens = [.. tokens.Select(token => new EncodedToken(token.Id, TokenText(token.Id), new Range(token.Start, token.End)))],
            CharsConsumed = EndOf(sink, window, span.Length),
        };
    }

    /// <inheritdoc/>
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var span = text is null ? textSpan : text;
        var window = new TruncationWindow(settings.MaxTokenCount, Truncation.Head);
        using var sink = Read(span, window.Limit);
        return new EncodeResults<int> { Tokens = Cut(sink, window, null).Ids, CharsConsumed = EndOf(sink, window, span.Length) };
    }

    /// <inheritdoc/>
    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        using var sink = Read(text is null ? textSpan : text, limit: 0);
        return new TruncationWindow(settings.MaxTokenCount, Truncation.Head).Length(sink.Total);
    }

    /// <summary>Where a text has to be cut for its beginning (or end) to fill the limit, [CLS] and [SEP] counted.</summary>
    protected override int GetIndexByTokenCount(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd, out string? normalizedText, out int tokenCount)
    {
        var span = text is null ? textSpan : text;
        var window = new TruncationWindow(settings.MaxTokenCount, fromEnd ? Truncation.Tail : Truncation.Head);
        using var sink = Read(span, window.Limit);
        normalizedText = null;
        tokenCount = window.Length(sink.Total);
        var kept = tokenCount - TruncationWindow.SpecialTokens;
        return !fromEnd ? EndOf(sink, window, span.Length)
            : kept == sink.Total ? 0
            : kept == 0 ? span.Length
            : sink.Kept[sink.Total - kept].Start;
    }

    /// <summary>The place in the text where what the window keeps of its beginning ends.</summary>
    private static int EndOf(TokenSink sink, TruncationWindow window, int length)
    {
        var kept = window.Length(sink.Total) - TruncationWindow.SpecialTokens;
        return kept == sink.Total ? length : kept == 0 ? 0 : sink.Kept[kept - 1].End;
    }

    /// <inheritdoc/>
    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        (idsConsumed, charsWritten) = (0, 0);
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var id in ids)
        {
            bytes.Write(_pieces.Decode(TokenText(id), isFirst: idsConsumed == 0));
            if (Encoding.UTF8.GetCharCount(bytes.WrittenSpan) > destination.Length)
            {
                return OperationStatus.DestinationTooSmall;
            }

            charsWritten = Encoding.UTF8.GetChars(bytes.WrittenSpan, destination);
            idsConsumed++;
        }

        return OperationStatus.Done;
    }

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var (index, id) in ids.Index())
        {
            bytes.Write(_pieces.Decode(TokenText(id), isFirst: index == 0));
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static (IPieceModel Model, string Hash) Pieces(TokenizerFiles files)
    {
        switch (files.Kind)
        {
            case TokenizerKind.WordPiece:
                var words = WordPieceOptions.Of(files);
                return (new WordPieceModel(files, words), TokenizerIdentity.Hash(files, words));
            case TokenizerKind.BytePairs:
                var pairs = BytePairFiles.Of(files);
                return (new BytePairModel(files, pairs), TokenizerIdentity.Hash(files, pairs));
            default:
                var scored = UnigramFiles.Of(files);
                return (new UnigramModel(files, scored), TokenizerIdentity.Hash(files, scored));
        }
    }

    private TokenSink Read(ReadOnlySpan<char> text, int limit)
    {
        var sink = TokenSink.Rent(limit);
        try
        {
            if (_pieces.TakesLoneSurrogates)
            {
                _pieces.Read(text, sink);
            }
            else
            {
                WholeText.Read(_pieces, text, sink);
            }

            return sink;
        }
        catch
        {
            sink.Dispose();
            throw;
        }
    }

    private EncodedText Cut(TokenSink sink, TruncationWindow window, Token[]? tokens)
    {
        var ids = new int[window.Length(sink.Total)];
        Fill(ids, sink, window);
        if (tokens is not null)
        {
            (tokens[0], tokens[^1]) = (new Token(ClsTokenId, 0, 0), new Token(SepTokenId, 0, 0));
            for (var index = 1; index < ids.Length - 1; index++)
            {
                tokens[index] = sink.Kept[window.Source(index - 1, sink.Total)];
            }
        }

        return new EncodedText(ids, sink.Total + TruncationWindow.SpecialTokens);
    }

    private void Fill(Span<int> ids, TokenSink sink, TruncationWindow window)
    {
        (ids[0], ids[^1]) = (ClsTokenId, SepTokenId);
        for (var index = 1; index < ids.Length - 1; index++)
        {
            ids[index] = sink.Kept[window.Source(index - 1, sink.Total)].Id;
        }
    }
}
