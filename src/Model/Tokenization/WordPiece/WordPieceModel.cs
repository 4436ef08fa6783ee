using System.Text;

namespace LoraOnnx.Model.Tokenization.WordPiece;

/// <summary>BERT's tokenizer: cleaned words, each cut into the longest pieces of the vocabulary.</summary>
internal sealed class WordPieceModel : IPieceModel
{
    private readonly CharacterPlan _plan;
    private readonly WordPieceVocabulary _vocabulary;
    private readonly PieceTexts _texts;
    private readonly string _continuingPrefix;

    public WordPieceModel(TokenizerFiles files, WordPieceOptions options)
    {
        _plan = new CharacterPlan(options.Normalizer);
        _vocabulary = new WordPieceVocabulary(files, options);
        _texts = new PieceTexts(files);
        _continuingPrefix = options.ContinuingPrefix;
    }

    public int Size => _texts.Size;

    public bool TakesLoneSurrogates => true;

    public string? TextOf(int id) => _texts[id];

    public void Read(ReadOnlySpan<char> text, TokenSink sink)
    {
        var pass = new EncodingPass(_plan, _vocabulary, sink); // not in a using: its variable could not change
        try
        {
            pass.Read(text);
        }
        finally
        {
            pass.Dispose();
        }
    }

    public byte[] Decode(string piece, bool isFirst) => Encoding.UTF8.GetBytes(isFirst ? piece
        : piece.StartsWith(_continuingPrefix, StringComparison.Ordinal) ? piece[_continuingPrefix.Length..]
        : $" {piece}");
}
