namespace LoraOnnx.Model.Tokenization;

/// <summary>
/// One way to cut a text into pieces of a vocabulary, from the raw text to ids; special tokens around the text are not its business.
/// </summary>
internal interface IPieceModel
{
    /// <summary>The highest id plus 1: the rows that an embedding needs.</summary>
    int Size { get; }

    /// <summary>The vocabulary entry of an id, or null where it has none.</summary>
    string? TextOf(int id);

    /// <summary>True where halves of a surrogate pair may stand alone in a text; else they are left out before.</summary>
    bool TakesLoneSurrogates { get; }

    /// <summary>Hands the tokens of a text to the sink, in order. Never throws for any text.</summary>
    void Read(ReadOnlySpan<char> text, TokenSink sink);

    /// <summary>What an entry adds to a decoded text: its bytes in UTF-8.</summary>
    /// <param name="piece">The entry.</param>
    /// <param name="isFirst">True for the first of a text.</param>
    byte[] Decode(string piece, bool isFirst);
}
