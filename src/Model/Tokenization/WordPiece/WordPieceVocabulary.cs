namespace LoraOnnx.Model.Tokenization.WordPiece;

/// <summary>The word pieces of a model, those that begin a word and those that continue one, and its added tokens.</summary>
internal sealed class WordPieceVocabulary
{
    public WordPieceVocabulary(TokenizerFiles files, WordPieceOptions options)
    {
        Beginnings = new PieceTable(files.Pieces);
        Continuations = new PieceTable([.. files.Pieces
            .Where(piece => piece.Text.StartsWith(options.ContinuingPrefix, StringComparison.Ordinal))
            .Select(piece => (piece.Text[options.ContinuingPrefix.Length..], piece.Id))]);
        LongestWord = options.LongestWord;
        UnknownId = files.SpecialId("unk_token");
        Added = new AddedTokenIndex(files.Added.Raw);
    }

    public PieceTable Beginnings { get; }

    public PieceTable Continuations { get; }

    public AddedTokenIndex Added { get; }

    /// <summary>Words of more code points are unknown.</summary>
    public int LongestWord { get; }

    /// <summary>The token of words that cannot be cut.</summary>
    public int UnknownId { get; }
}
