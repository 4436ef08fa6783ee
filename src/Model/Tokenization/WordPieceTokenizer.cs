using Microsoft.ML.Tokenizers;

namespace LoraOnnx.Model.Tokenization;

/// <summary>Hugging Face's BertTokenizer, id by id, as a Microsoft.ML.Tokenizers tokenizer. Thread-safe.</summary>
public sealed class WordPieceTokenizer : Tokenizer
{
    /// <summary>Reads vocab.txt and tokenizer_config.json (or tokenizer.json) in a checkpoint or ONNX directory.</summary>
    /// <exception cref="InputException">A file is missing, malformed, or asks for an option that is not supported.</exception>
    public static WordPieceTokenizer Load(string directory) => throw new NotImplementedException(directory);

    /// <summary>Words in the vocabulary.</summary>
    public int VocabularySize => throw new NotImplementedException();

    /// <summary>SHA-256 over what decides the ids: vocabulary and options. Equal hashes give equal ids.</summary>
    public string ContentHash => throw new NotImplementedException();

    /// <summary>Encodes [CLS] text [SEP], cut to <paramref name="maxTokens"/> (at least 2). Never throws for any text, lone surrogates included.</summary>
    public EncodedText Encode(string text, int maxTokens, Truncation truncation) => throw new NotImplementedException(text);

    /// <summary>Like <see cref="Encode"/>, with the place of each token in the text.</summary>
    public (EncodedText Encoded, Token[] Tokens) EncodeWithOffsets(string text, int maxTokens, Truncation truncation) => throw new NotImplementedException(text);

    /// <summary>The vocabulary entry of an id, such as <c>##ing</c>.</summary>
    public string TokenText(int id) => throw new NotImplementedException();

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override System.Buffers.OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids) => throw new NotImplementedException();
}
